/* SPDX-License-Identifier: ISC */
/* The counters of work.h; this file is compiled without them. */
#define WORK_UNCOUNTED
#include "config.h"

#include "tests/unit/work.h"

static uint64_t work;

/* The compiler puts a call of it into every basic block. */
void __sanitizer_cov_trace_pc(void);

void
__sanitizer_cov_trace_pc(void)
{
	work++;
}

uint64_t
work_done(void)
{
	return work;
}

void *
work_memchr(const void *p, int c, size_t n)
{
	const void *found = memchr(p, c, n);

	work +=
	    found == NULL ? n : (size_t)((const char *)found - (const char *)p);
	return (void *)(uintptr_t)found;
}

int
work_memcmp(const void *a, const void *b, size_t n)
{
	work += n;
	return memcmp(a, b, n);
}

void *
work_memcpy(void *to, const void *from, size_t n)
{
	work += n;
	return memcpy(to, from, n);
}

void *
work_memmove(void *to, const void *from, size_t n)
{
	work += n;
	return memmove(to, from, n);
}

void *
work_memset(void *to, int c, size_t n)
{
	work += n;
	return memset(to, c, n);
}

size_t
work_strlen(const char *s)
{
	size_t n = strlen(s);

	work += n;
	return n;
}

char *
work_strchr(const char *s, int c)
{
	char *found = strchr(s, c);

	work += found == NULL ? strlen(s) : (size_t)(found - s);
	return found;
}

char *
work_strrchr(const char *s, int c)
{
	work += strlen(s);
	return strrchr(s, c);
}

size_t
work_strspn(const char *s, const char *set)
{
	size_t n = strspn(s, set);

	work += n;
	return n;
}

size_t
work_strcspn(const char *s, const char *set)
{
	size_t n = strcspn(s, set);

	work += n;
	return n;
}

int
work_strcasecmp(const char *a, const char *b)
{
	size_t i;

	for (i = 0; a[i] != '\0' && (a[i] | 0x20) == (b[i] | 0x20); i++)
		;
	work += i;
	return strcasecmp(a, b);
}

int
work_strncasecmp(const char *a, const char *b, size_t n)
{
	size_t i;

	for (i = 0; i < n && a[i] != '\0' && (a[i] | 0x20) == (b[i] | 0x20);
	     i++)
		;
	work += i;
	return strncasecmp(a, b, n);
}

/* What it may have to copy: growth by steps instead of doubling shows. */
void *
work_reallocarray(void *p, size_t n, size_t size)
{
	work += n * size;
	return reallocarray(p, n, size);
}
