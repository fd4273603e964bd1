/* SPDX-License-Identifier: ISC */
/*
 * The log.  It owns the only mutable state outside of main files, since the
 * log is a property of the process.  Lines hold text from hostile peers, so
 * everything is escaped here, at the last step, and nowhere else.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/syslog_out.h"
#include "common/utf8.h"
#include "common/xalloc.h"

static struct {
	const char *ident;
	enum log_target target;
	int fd; /* for stderr and file */
	int level;
	struct syslog_out syslog;
} state = { "mailchute", LOG_TO_STDERR, STDERR_FILENO, LOG_INFO,
	SYSLOG_OUT_NONE };

static int
open_file(const char *file)
{
	return open(
	    file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
}

int
log_open(const char *ident, enum log_target target, const char *file, int level)
{
	int fd = STDERR_FILENO;

	if (target == LOG_TO_FILE && (fd = open_file(file)) == -1)
		return -1;
	if (state.target == LOG_TO_FILE)
		close(state.fd);
	state.ident = ident;
	state.target = target;
	state.fd = fd;
	state.level = level;
	/* In a sandbox there may be no new socket: open now. */
	if (target == LOG_TO_SYSLOG)
		syslog_out_open(&state.syslog, _PATH_LOG);
	return 0;
}

int
log_fd(void)
{
	return state.target == LOG_TO_SYSLOG ? -1 : state.fd;
}

void
log_take_file(int fd)
{
	if (state.target != LOG_TO_FILE) {
		close(fd);
		return;
	}
	close(state.fd);
	state.fd = fd;
}

void
log_open_fd(const char *ident, int fd, int level)
{
	state.ident = ident;
	state.target = LOG_TO_STDERR;
	state.fd = fd;
	state.level = level;
}

void
log_escape(struct buf *b, const char *s)
{
	size_t n;

	while (*s != '\0') {
		if (*s == '"' || *s == '\\') {
			buf_printf(b, "\\%c", *s++);
		} else if (*s >= 0x20 && *s < 0x7f) {
			buf_putc(b, *s++);
		} else if ((n = utf8_len(s)) > 0) {
			buf_append(b, s, n);
			s += n;
		} else {
			buf_printf(b, "\\x%02x", (unsigned char)*s++);
		}
	}
}

static bool
needs_quotes(const char *s)
{
	return *s == '\0' || strpbrk(s, " \"=\\") != NULL;
}

void
log_begin(struct buf *b, const char *event)
{
	buf_truncate(b, 0);
	buf_printf(b, "event=%s", event);
}

void
log_str(struct buf *b, const char *key, const char *value)
{
	bool quoted;

	if (value == NULL)
		return;
	quoted = needs_quotes(value);
	buf_printf(b, " %s=", key);
	if (quoted)
		buf_putc(b, '"');
	log_escape(b, value);
	if (quoted)
		buf_putc(b, '"');
}

void
log_num(struct buf *b, const char *key, int64_t value)
{
	buf_printf(b, " %s=%lld", key, (long long)value);
}

/* A whole line in one write, so that lines of several processes never mix. */
static void
write_line(const char *line)
{
	char stamp[32];
	struct tm tm;
	time_t now = (time_t)clock_wall();
	char *out;
	ssize_t n;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		stamp[0] = '\0';
	out = xasprintf(
	    "%s %s[%ld]: %s\n", stamp, state.ident, (long)getpid(), line);
	do
		n = write(state.fd, out, strlen(out));
	while (n == -1 && errno == EINTR);
	/* A log that cannot be written must not stop mail. */
	free(out);
}

void
log_end(struct buf *b, int priority)
{
	if (priority <= state.level) {
		if (state.target == LOG_TO_SYSLOG)
			syslog_out_line(&state.syslog, _PATH_LOG, state.ident,
			    priority, buf_data(b));
		else
			write_line(buf_data(b));
	}
	buf_truncate(b, 0);
}

void
log_event(int priority, const char *event, ...)
{
	const char *key, *value;
	struct buf b;
	va_list ap;

	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, event);
	va_start(ap, event);
	while ((key = va_arg(ap, const char *)) != NULL) {
		value = va_arg(ap, const char *);
		log_str(&b, key, value);
	}
	va_end(ap);
	log_end(&b, priority);
	buf_clear(&b);
}

void
log_text(int priority, const char *event, const char *fmt, ...)
{
	char text[LOG_LINE_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_event(priority, event, "text", text, NULL);
}

void
fatalx(int status, const char *fmt, ...)
{
	char text[LOG_LINE_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	dprintf(STDERR_FILENO, "%s: %s\n", state.ident, text);
	if (state.target != LOG_TO_STDERR)
		log_event(LOG_ERR, "fatal", "text", text, NULL);
	exit(status);
}
