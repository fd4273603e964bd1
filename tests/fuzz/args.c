/* SPDX-License-Identifier: ISC */
/*
 * A command line, its words ended by NUL.  Every word is an option, the
 * argument of one, or an operand, and the operands are the last words.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "sendmail/args.h"

#include "tests/fuzz/fuzz.h"

#define WORDS_MAX 64

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = xmalloc(n + 1), *argv[WORDS_MAX + 1];
	struct args a;
	struct err e;
	size_t at;
	int argc = 0;

	if (n > 0)
		memcpy(text, p, n);
	text[n] = '\0';
	for (at = 0; at < n && argc < WORDS_MAX; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	argv[argc] = NULL;
	if (args_parse(argc, argv, &a, &e) == 0) {
		assert(a.noperands >= 0 && a.noperands < argc);
		assert(a.noperands == 0 || a.operands[a.noperands] == NULL);
		assert(a.mode <= MODE_HELP);
	}
	args_clear(&a);
	free(text);
	return 0;
}
