/* SPDX-License-Identifier: ISC */
/*
 * Filling of the project's error value.  Nothing here allocates or logs: the
 * place that decides what a failure means also says it.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef ANALYSER /* the functions themselves are meant */
#include "common/err.h"

void
err_clear(struct err *e)
{
	memset(e, 0, sizeof(*e));
}

static void __attribute__((format(printf, 4, 0))) fill(struct err *e,
    enum err_class class, const char *status, const char *fmt, va_list ap)
{
	char text[ERR_TEXT_MAX];

	/* The arguments may point into *e: format before overwriting it. */
	vsnprintf(text, sizeof(text), fmt, ap);
	e->class = class;
	strlcpy(e->status, status, sizeof(e->status));
	strlcpy(e->text, text, sizeof(e->text));
}

int
err_set(struct err *e, enum err_class class, const char *status,
    const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	fill(e, class, status, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_errno(struct err *e, enum err_class class, const char *status,
    const char *fmt, ...)
{
	va_list ap;
	int saved = errno;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	fill(e, class, status, fmt, ap);
	va_end(ap);
	strlcat(e->text, ": ", sizeof(e->text));
	strlcat(e->text, strerror(saved), sizeof(e->text));
	errno = saved;
	return -1;
}

enum err_class
err_class_of(int error)
{
	switch (error) {
	case EACCES:
	case EISDIR:
	case ELOOP:
	case ENAMETOOLONG:
	case ENOENT:
	case ENOEXEC:
	case ENOTDIR:
	case EPERM:
		return ERR_LOCAL;
	default:
		return ERR_TEMP;
	}
}

int
err_prefix(struct err *e, const char *fmt, ...)
{
	char front[ERR_TEXT_MAX], whole[ERR_TEXT_MAX];
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(front, sizeof(front), fmt, ap);
	va_end(ap);
	strlcpy(whole, front, sizeof(whole));
	strlcat(whole, ": ", sizeof(whole));
	strlcat(whole, e->text, sizeof(whole));
	strlcpy(e->text, whole, sizeof(e->text));
	return -1;
}
