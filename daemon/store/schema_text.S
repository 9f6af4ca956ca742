/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two schemas as they are, each ending in a NUL byte so that it is a C string. */
	.section .rodata
	.globl	schema_past_text, schema_past_end, schema_live_text, schema_live_end
schema_past_text:
	.incbin	"daemon/store/schema.sql"
	.byte	0
schema_past_end:
schema_live_text:
	.incbin	"daemon/store/live.sql"
	.byte	0
schema_live_end:
	.section .note.GNU-stack,"",@progbits
