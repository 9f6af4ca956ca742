/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Criterion's assertions, with an order that is one. In its releases up to 2.4.1 gt(TAG, a, b) is !(a < b), so
 * that gt(uint, n, 0) cannot fail, and NaN is both greater than all and not less (its issue 473). Tests
 * include this in place of <criterion/new/assert.h>.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#undef CRI_BINOP_T_GE
#undef CRI_BINOP_T_GT
#define CRI_BINOP_T_GE(Tag, Actual, Ref) CRI_BINOP_T_LE(Tag, Ref, Actual)
#define CRI_BINOP_T_GT(Tag, Actual, Ref) CRI_BINOP_T_LT(Tag, Ref, Actual)
