/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields, cut and unquoted in place. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/fields.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What stands behind an opening quote, up to the one that closes it; a doubled one is one. */
static int take_quoted(char *text, char **rest, char **ret)
{
	char *to = text;

	*ret = text;
	for (; *text != '"' || text[1] == '"'; text++) {
		if (*text == '\0')
			return -EINVAL;
		if (*text == '"')
			text++;
		*to++ = *text;
	}
	text++;
	text += strspn(text, " \t");
	if (*text != ',' && *text != '\0')
		return -EINVAL;
	*rest = *text == ',' ? text + 1 : NULL;
	*to = '\0';
	return 0;
}

/* Cut the next field off *rest, which is NULL behind the last. */
static int take_field(char **rest, char **ret)
{
	char *text = *rest + strspn(*rest, " \t");
	char *end;

	if (*text == '"')
		return take_quoted(text + 1, rest, ret);
	end = strchrnul(text, ',');
	*rest = *end == ',' ? end + 1 : NULL;
	while (end > text && is_blank(end[-1]))
		end--;
	*end = '\0';
	*ret = text;
	return 0;
}

int fields_split(char *line, struct fields *ret)
{
	char *field, *rest = line;

	for (ret->n = 0; rest; ret->n++) {
		if (take_field(&rest, &field) < 0)
			return -EINVAL;
		if (ret->n < FIELDS_MAX)
			ret->text[ret->n] = field;
	}
	return 0;
}

/* "12", "-0.5", ".5", "1e-3": not all that strtof() would take. */
static bool is_decimal(const char *text)
{
	static const char digits[] = "0123456789";
	size_t n;

	text += *text == '-' || *text == '+';
	n = strspn(text, digits);
	text += n;
	if (*text == '.') {
		n += strspn(text + 1, digits);
		text += 1 + strspn(text + 1, digits);
	}
	if (n > 0 && (*text == 'e' || *text == 'E')) {
		text++;
		text += *text == '-' || *text == '+';
		n = strspn(text, digits);
		text += n;
	}
	return n > 0 && *text == '\0';
}

int fields_value(const char *text, locale_t plain, float *ret)
{
	const char *word = text + (*text == '-' || *text == '+');
	float value;

	if (*text == '\0' || strcasecmp_l(word, "nan", plain) == 0) {
		*ret = NAN;
		return 0;
	}
	if (strcasecmp_l(word, "inf", plain) == 0 || strcasecmp_l(word, "infinity", plain) == 0)
		return -ERANGE;
	if (!is_decimal(text))
		return -EINVAL;
	value = strtof_l(text, NULL, plain);
	if (!isfinite(value))
		return -ERANGE;
	*ret = value;
	return 0;
}

void fields_put(FILE *out, const char *text)
{
	if (!text[strcspn(text, "\", ")]) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}
