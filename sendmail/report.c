/* SPDX-License-Identifier: ISC */
/* Errors to the caller and to the log; the texts are made by their finders. */
#include "config.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/log.h"
#include "common/utf8.h"
#include "sendmail/report.h"

#define LINE_MAX_OCTETS 4096

void
report_init(struct report *r, const char *tag, bool is_quiet)
{
	size_t n = 0;

	for (; tag != NULL && *tag != '\0' && n < sizeof(r->ident) - 1; tag++)
		if (isalnum((unsigned char)*tag) || strchr("._-", *tag) != NULL)
			r->ident[n++] = *tag;
	r->ident[n] = '\0';
	if (n == 0)
		strlcpy(r->ident, "sendmail", sizeof(r->ident));
	r->is_quiet = is_quiet;
	r->is_verbose = false;
	r->program = "sendmail";
}

/* Best effort: whoever closed stderr does not read it. */
static void
put_stderr(const struct report *r, const char *text)
{
	struct buf line;

	buf_init(&line, 4 * LINE_MAX_OCTETS + 32);
	buf_printf(&line, "%s: ", r->program);
	utf8_put_safe(&line, text);
	buf_puts(&line, "\n");
	(void)!write(STDERR_FILENO, line.data, line.len);
	buf_clear(&line);
}

static void
put_log(const struct report *r, int priority, const char *text)
{
	log_open(r->ident, LOG_TO_SYSLOG, NULL, LOG_INFO);
	log_text(priority, "sendmail", "%s", text);
}

void
report_error(const struct report *r, const char *fmt, ...)
{
	char text[LINE_MAX_OCTETS];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!r->is_quiet)
		put_stderr(r, text);
	put_log(r, LOG_ERR, text);
}

void
report_progress(const struct report *r, const char *fmt, ...)
{
	char text[LINE_MAX_OCTETS];
	va_list ap;

	if (!r->is_verbose || !isatty(STDERR_FILENO))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put_stderr(r, text);
}

void
report_note(const struct report *r, int priority, const char *fmt, ...)
{
	char text[LINE_MAX_OCTETS];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put_log(r, priority, text);
}

void
report_remarks(
    const struct report *r, int priority, const struct strlist *remarks)
{
	size_t i;

	for (i = 0; i < remarks->n; i++)
		report_note(r, priority, "%s", remarks->v[i]);
}

void
report_handed(
    const struct report *r, const struct route *to, const struct handed *handed)
{
	if (handed->queue_id[0] != '\0') {
		report_progress(r,
		    "queued as %s; mailq shows whether it still waits",
		    handed->queue_id);
		return;
	}
	report_progress(r,
	    "no mailchuted answers: the message lies in %s until one runs",
	    to->drop.folder);
	report_note(r, LOG_NOTICE,
	    "%s; the message lies in %s until mailchuted runs",
	    handed->why.text, to->drop.folder);
}
