/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Breaks text by the cells its characters fill, not by its bytes. */
#include <string.h>
#include <wchar.h>

#include "cli/wrap.h"

/* One character: its bytes, and its cells. What is no character here counts as a byte and a cell. */
static size_t character(const char *text, size_t *ret_cells)
{
	mbstate_t state = { 0 };
	wchar_t wide;
	size_t n_bytes = mbrtowc(&wide, text, strlen(text), &state);
	int n_cells;

	if (n_bytes == 0 || n_bytes > strlen(text)) {
		*ret_cells = 1;
		return 1;
	}
	n_cells = wcwidth(wide);
	*ret_cells = n_cells < 0 ? 1 : (size_t)n_cells;
	return n_bytes;
}

size_t wrap_cells(const char *text)
{
	size_t sum = 0, n_cells;

	while (*text) {
		text += character(text, &n_cells);
		sum += n_cells;
	}
	return sum;
}

size_t wrap_line(const char *text, size_t width)
{
	size_t at = 0, filled = 0, space = 0, joint = 0, n_cells, n_bytes;

	while (text[at]) {
		if (text[at] == ' ')
			space = at;
		n_bytes = character(text + at, &n_cells);
		if (filled + n_cells > width) {
			if (space)
				return space;
			if (joint)
				return joint;
			return at ? at : n_bytes;
		}
		/* Names of units have no spaces, but joints after which a break reads well. */
		if (strchr("-@_.:/", text[at]))
			joint = at + n_bytes;
		at += n_bytes;
		filled += n_cells;
	}
	return at;
}
