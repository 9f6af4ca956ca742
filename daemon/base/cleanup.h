/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Ownership by scope: a local that is declared with CLEANUP(x_freep) is freed
 * when it goes out of scope, on every way out of the function.
 */

#define CLEANUP(function) __attribute__((cleanup(function)))

/* From `type function(type)`, which frees and may ignore NULL, make the
 * `functionp` that CLEANUP() wants: it gets the address of the local. */
#define DEFINE_CLEANUP(type, function)                                                             \
	static inline void function##p(type *local)                                                \
	{                                                                                          \
		if (*local)                                                                        \
			(void)function(*local);                                                    \
	}

/* For file descriptors: closes if it is not negative. */
void cleanup_close(int *fd);
/* For memory of malloc(): give it the address of the pointer. */
void cleanup_free(void *pointer_address);

/* Hand an owned pointer over: its value, leaving NULL behind. */
#define TAKE(pointer)                                                                              \
	({                                                                                         \
		typeof(pointer) taken_ = (pointer);                                                \
		(pointer) = NULL;                                                                  \
		taken_;                                                                            \
	})
