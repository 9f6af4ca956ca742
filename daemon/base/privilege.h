/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Gives up every capability of this thread, for good. The kernel keeps them by
 * thread, and a new one begins with what its maker has at that moment, so each
 * that is there already gives up its own.
 */

/* First only out of force, so that they can be had back: if still_works() then says 0 (NULL: it does
 * not matter), all are given up and 0 is returned. Else they are kept, and what it said is returned. A
 * negative errno of the dropping itself leaves things as they were. Of root nothing is taken: it has
 * the rights of root with or without. */
int privilege_drop(int (*still_works)(void *userdata), void *userdata);
