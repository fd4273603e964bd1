/* SPDX-License-Identifier: ISC */
/* Allocation that never returns NULL; see xalloc.h for why that is safe. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#ifdef HAVE_MALLOC_TRIM
#include <malloc.h>
#endif

#include "common/xalloc.h"

static void __attribute__((noreturn)) out_of_memory(void)
{
	static const char text[] = "mailchute: out of memory\n";

	/* No stdio: it may want memory. */
	if (write(STDERR_FILENO, text, sizeof(text) - 1) == -1)
		_exit(EX_OSERR);
	_exit(EX_TEMPFAIL);
}

static void *
check(void *p)
{
	if (p == NULL)
		out_of_memory();
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	return check(calloc(n == 0 ? 1 : n, size == 0 ? 1 : size));
}

void *
xmalloc(size_t size)
{
	return check(malloc(size == 0 ? 1 : size));
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	return check(reallocarray(p, n == 0 ? 1 : n, size == 0 ? 1 : size));
}

char *
xstrdup(const char *s)
{
	return check(strdup(s));
}

char *
xstrndup(const char *s, size_t n)
{
	return check(strndup(s, n));
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) == -1)
		out_of_memory();
	va_end(ap);
	return s;
}

void
xalloc_trim(void)
{
#ifdef HAVE_MALLOC_TRIM
	(void)malloc_trim(0);
#endif
}
