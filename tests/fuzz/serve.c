/* SPDX-License-Identifier: ISC */
/*
 * A client that says lines of any octets without waiting, and behind each that
 * it means as DATA or BDAT, as far as that can be seen, a text full of
 * commands: none of these is ever answered.  The input has no such command
 * itself.
 */
#include "config.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "common/log.h"
#include "smtpd/serve.h"

#include "tests/fuzz/fuzz.h"

#define MARKER     "HELP"
#define ANSWER     "\r\n214 "
#define INPUT_MAX  4096 /* and no line too long to be kept */
#define CHUNK_MAX  2000
#define SAYS_MAX   (INPUT_MAX * (CHUNK_MAX + 16))
#define HEARS_MAX  (64 * 1024 * 1024)
#define BLIND_TEXT 30 /* octets, where no number says how many */

struct client {
	struct buf says, hears;
	size_t at;
};

/* ---- what it says ---- */

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The line as a person would see it. */
static void
look(const char *p, size_t n, char *seen)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] >= ' ' && p[i] <= '~')
			*seen++ = p[i];
	*seen = '\0';
}

static bool
begins_with(const char *seen, const char *word)
{
	while (*seen != '\0' && !is_letter(*seen))
		seen++;
	return strncasecmp(seen, word, strlen(word)) == 0 &&
	       !is_letter(seen[strlen(word)]);
}

static void
put_text(struct buf *b, size_t n)
{
	static const char line[] = MARKER "\r\n";
	size_t i;

	for (i = 0; i < n; i++)
		buf_putc(b, line[i % (sizeof(line) - 1)]);
}

/* False where a chunk is so large that nothing can follow it. */
static bool
put_chunk(struct buf *b, const char *seen)
{
	const char *digits = seen + strcspn(seen, "0123456789");
	unsigned long long n = BLIND_TEXT;

	if (*digits != '\0')
		n = strtoull(digits, NULL, 10);
	put_text(b, n < CHUNK_MAX ? (size_t)n : CHUNK_MAX);
	return n <= CHUNK_MAX;
}

/* As put_chunk. */
static bool
put_line(struct buf *b, const char *p, size_t n)
{
	char seen[INPUT_MAX + 1] = "";

	look(p, n, seen);
	buf_append(b, p, n);
	buf_puts(b, "\r\n");
	if (begins_with(seen, "BDAT"))
		return put_chunk(b, seen);
	if (begins_with(seen, "DATA")) {
		put_text(b, BLIND_TEXT);
		buf_puts(b, ".\r\n");
	}
	return true;
}

static bool
holds_marker(const char *p, size_t n)
{
	size_t i, len = strlen(MARKER);

	for (i = 0; i + len <= n; i++)
		if (strncasecmp(p + i, MARKER, len) == 0)
			return true;
	return false;
}

/* ---- who it says it to ---- */

static ssize_t
on_read(void *arg, void *p, size_t n, int64_t deadline_ms)
{
	struct client *c = arg;

	(void)deadline_ms;
	if (n > c->says.len - c->at)
		n = c->says.len - c->at;
	memcpy(p, buf_data(&c->says) + c->at, n);
	c->at += n;
	return (ssize_t)n;
}

static int
on_write(void *arg, const void *p, size_t n, int64_t deadline_ms)
{
	struct client *c = arg;

	(void)deadline_ms;
	return buf_append(&c->hears, p, n);
}

static bool
on_wait(void *arg)
{
	const struct client *c = arg;

	return c->at == c->says.len;
}

static int
hand_over(void *arg, struct parcel *p, struct handed *out, struct err *e)
{
	(void)arg;
	(void)e;
	assert(parcel_is_whole(p));
	snprintf(out->queue_id, sizeof(out->queue_id), "000000000001");
	return 0;
}

static void
converse(struct client *c)
{
	const struct service service = {
		.hostname = "web01.contoso.example",
		.domain = "contoso.example",
		.limit = SIZE_LIMIT_QUEUE(1000),
		.rcpts_max = 10,
		.patience = &patience_local,
		.hand_over = hand_over,
	};
	const struct io io = { on_read, on_write, on_wait, c };

	(void)serve(&io, &service);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *text = (const char *)p, *stop;
	struct client c = { .at = 0 };
	size_t line;

	if (n > INPUT_MAX || holds_marker(text, n))
		return 0;
	log_open("fuzz", LOG_TO_STDERR, NULL, LOG_EMERG);
	buf_init(&c.says, SAYS_MAX);
	buf_init(&c.hears, HEARS_MAX);
	for (; n > 0; text += line, n -= line) {
		stop = memchr(text, '\n', n);
		line = stop == NULL ? n : (size_t)(stop - text);
		if (!put_line(&c.says, text, line))
			break;
		if (line < n)
			line++;
	}
	converse(&c);
	assert(strstr(buf_data(&c.hears), ANSWER) == NULL);
	buf_clear(&c.says);
	buf_clear(&c.hears);
	return 0;
}
