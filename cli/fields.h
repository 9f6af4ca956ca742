/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A line of RFC 4180 as its fields, and a field as a number; and a text as such a field. */
#include <locale.h>
#include <stddef.h>
#include <stdio.h>

#define FIELDS_MAX 65

struct fields {
	size_t n; /* also those that are more than FIELDS_MAX */
	char *text[FIELDS_MAX];
};

/* Cuts the line into its fields, without their quotes and the blanks around them; they live as long as
 * the line, and there is one at least. -EINVAL: a quote is not closed, or something stands behind the one
 * that closes it; ret->n is then how many there are before that field. */
int fields_split(char *line, struct fields *ret);

/* A decimal number, with or without an exponent; NaN for "" and "nan". plain is a locale that has a
 * decimal point. -EINVAL: it is none; -ERANGE: it is beyond what a float can be, as "inf" is. */
int fields_value(const char *text, locale_t plain, float *ret);

/* As a field that is read back as the same: with what has a meaning in CSV it is quoted. */
void fields_put(FILE *out, const char *text);
