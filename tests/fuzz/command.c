/* SPDX-License-Identifier: ISC */
/*
 * Lines from a client, one after another in one session: what is taken apart
 * lies in the line, each reply is one line of ASCII that SMTP allows, and the
 * envelope holds nothing that the submission would not carry.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "common/proto_submit.h"
#include "mail/addr.h"
#include "smtpd/command.h"
#include "smtpd/session.h"

#include "tests/fuzz/fuzz.h"

#define OUT_MAX   (64 * 1024)
#define FRAME_OUT (16 * 1024 * 1024)

static void
inside(const struct span *s, const char *p, size_t n)
{
	assert(s->p >= p && s->p + s->n <= p + n);
}

static void
take_apart(const char *p, size_t n)
{
	struct span address, params;
	struct command c;
	uint64_t size;
	bool is_last;

	command_parse(p, n, &c);
	inside(&c.arg, p, n);
	if (command_chunk(&c.arg, &size, &is_last) == 0)
		assert(size <= INT64_MAX && c.arg.n > 0);
	if (command_path(&c.arg, "FROM", &address, &params) == -1 &&
	    command_path(&c.arg, "TO", &address, &params) == -1)
		return;
	inside(&address, p, n);
	inside(&params, p, n);
	assert(params.n == 0 || address.p + address.n <= params.p);
}

static void
check_replies(const struct buf *out)
{
	const char *p = buf_data(out), *stop;
	size_t i, n;

	assert(out->len > 0);
	for (; *p != '\0'; p = stop + 2) {
		stop = strstr(p, "\r\n");
		assert(stop != NULL);
		n = (size_t)(stop - p);
		assert(n >= 4 && n <= 510);
		for (i = 0; i < n; i++)
			assert(p[i] >= ' ' && p[i] <= '~');
		assert(p[0] >= '2' && p[0] <= '5');
		assert(p[3] == ' ' || p[3] == '-');
	}
}

/* What the session has taken, the daemon takes. */
static void
check_envelope(const struct session *s)
{
	const struct submit_head head = { { 1 }, 1, SUBMIT_VERSION };
	struct submit_head got;
	struct envelope env;
	struct frame f;
	struct buf b;
	struct err e;
	size_t at = 0;
	ssize_t n;

	if (!s->has_sender || s->env.nrcpts == 0)
		return;
	buf_init(&b, FRAME_OUT);
	envelope_init(&env);
	assert(submit_put_envelope(&b, &head, &s->env) == 0);
	while ((n = frame_parse(b.data + at, b.len - at, &f)) > 0) {
		if (f.type == SUBMIT_ENVELOPE)
			assert(submit_get_envelope(&f, &got, &env, &e) == 0);
		else
			assert(submit_get_rcpts(&f, &env, &e) == 0);
		at += (size_t)n;
	}
	assert(at == b.len && env.nrcpts == s->env.nrcpts);
	for (at = 0; at < env.nrcpts; at++)
		assert(
		    addr_check(env.rcpts[at].address, "5.1.3", NULL, &e) == 0);
	envelope_clear(&env);
	buf_clear(&b);
}

/* One line, and what who speaks to the client does then. */
static void
take_line(struct session *s, const char *p, size_t n)
{
	enum session_next next;
	struct envelope env;
	struct buf out;

	buf_init(&out, OUT_MAX);
	next = session_command(s, p, n, &out);
	if (next == SESSION_TEXT || next == SESSION_CHUNK) {
		check_envelope(s);
		session_take(s, &env);
		envelope_clear(&env);
	}
	if (next == SESSION_TEXT || (next == SESSION_CHUNK && s->chunk.is_last))
		session_reset(s);
	if (next == SESSION_CHUNK)
		assert(out.len == 0);
	else
		check_replies(&out);
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *text = (const char *)p, *stop;
	struct session s;
	size_t line;

	session_init(&s, "web01.contoso.example", SIZE_LIMIT_QUEUE(1000),
	    SUBMIT_RCPTS_MAX);
	for (; n > 0; text += line, n -= line) {
		stop = memchr(text, '\n', n);
		line = stop == NULL ? n : (size_t)(stop - text);
		take_apart(text, line);
		take_line(&s, text, line);
		if (line < n)
			line++;
	}
	check_envelope(&s);
	session_clear(&s);
	return 0;
}
