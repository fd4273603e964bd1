/* SPDX-License-Identifier: ISC */
/*
 * The token channel: ASK goes out when it is there, and what comes back is
 * read without blocking.  A process that says nothing for longer than its own
 * deadline is ended, and so is one that breaks the contract; each counts as a
 * failure that may pass.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "queue/ask.h"
#include "queue/token_errand.h"

#define READ_MAX   (16 * 1024) /* at once; and no answer is longer */
#define PATIENCE_S (TOKEN_DEADLINE_MS / 1000 + 15)
#define ENDING_S   5 /* after the answer */
#define SEND_MS    5000

struct token_errand {
	struct ask *ask;
	int fd;
	pid_t pid;
	const struct token_errand_calls *calls;
	void *arg;
	bool is_answered, is_killed;
	struct buf in;
	struct event *readable;
};

void
token_errand_no(struct token_failed *x, const struct err *e)
{
	memset(x, 0, sizeof(*x));
	x->class = TOKEN_LATER;
	strlcpy(x->status, "4.3.0", sizeof(x->status));
	strlcpy(x->phase, "start", sizeof(x->phase));
	strlcpy(x->text, e->text, sizeof(x->text));
	strlcpy(x->meaning,
	    "The program that gets access tokens failed on this host.",
	    sizeof(x->meaning));
	strlcpy(x->fix,
	    "Nothing to do: it is tried again by itself. If it lasts, look "
	    "into the log of mailchuted; if mailchute was just upgraded, "
	    "restart mailchuted.",
	    sizeof(x->fix));
}

static void
fail(struct token_errand *r, const char *text)
{
	struct token_failed x;
	struct err e;

	if (r->is_answered)
		return;
	r->is_answered = true;
	err_set(&e, ERR_TEMP, "4.3.0", "%s", text);
	token_errand_no(&x, &e);
	r->calls->failed(r->arg, &x);
}

static void
listen_on(struct token_errand *r)
{
	const struct timeval tv = { .tv_sec = r->is_answered ? ENDING_S
							     : PATIENCE_S };

	event_add(r->readable, &tv);
}

static void
end_process(struct token_errand *r, const char *text)
{
	r->is_killed = true;
	ask_kill(r->ask, r->pid);
	fail(r, text);
}

/* ---- reading ---- */

static int
take_granted(struct token_errand *r, const struct frame *f, struct err *e)
{
	struct token_granted g;

	if (r->is_answered || token_get_granted(f, &g, e) == -1)
		return -1;
	r->is_answered = true;
	r->calls->granted(r->arg, &g);
	return 0;
}

static int
take_failed(struct token_errand *r, const struct frame *f, struct err *e)
{
	struct token_failed x;

	if (r->is_answered || token_get_failed(f, &x, e) == -1)
		return -1;
	r->is_answered = true;
	r->calls->failed(r->arg, &x);
	return 0;
}

static int
take_frame(struct token_errand *r, const struct frame *f, struct err *e)
{
	char text[ERR_TEXT_MAX];

	err_set(e, ERR_LOCAL, "4.3.0", "frame %u is out of order", f->type);
	switch (f->type) {
	case TOKEN_GRANTED:
		return take_granted(r, f, e);
	case TOKEN_FAILED:
		return take_failed(r, f, e);
	case TOKEN_REFUSED:
		if (r->is_answered || token_get_refused(f, text, e) == -1)
			return -1;
		fail(r, text);
		return 0;
	default:
		return -1;
	}
}

static void
take_frames(struct token_errand *r)
{
	struct frame f;
	struct err e;
	ssize_t n;

	for (;;) {
		err_set(&e, ERR_LOCAL, "4.3.0", "what came is no frame");
		n = frame_parse(buf_data(&r->in), r->in.len, &f);
		if (n <= 0)
			break;
		if (take_frame(r, &f, &e) == -1) {
			n = -1;
			break;
		}
		buf_consume(&r->in, (size_t)n);
	}
	if (n == -1) {
		log_event(LOG_ERR, "token-channel", "text", e.text, NULL);
		buf_truncate(&r->in, 0);
		end_process(r, "token broke the protocol and was ended");
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct token_errand *r = arg;
	ssize_t n = 0;
	char *to;

	if ((what & EV_TIMEOUT) != 0 && !r->is_killed) {
		end_process(r, "token did not answer and was ended");
		listen_on(r);
		return;
	}
	to = (what & EV_TIMEOUT) != 0 ? NULL : buf_reserve(&r->in, READ_MAX);
	if (to != NULL)
		n = read(fd, to, READ_MAX);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
		fail(r, "token ended without a word; see the log");
		r->calls->gone(r->arg);
		token_errand_free(r);
		return;
	}
	if (n > 0) {
		buf_grew(&r->in, (size_t)n);
		take_frames(r);
	}
	listen_on(r);
}

/* ---- the start ---- */

/* A few kilobytes, which an empty channel takes at once. */
static int
put_ask(int fd, const struct conf *conf, uint32_t account, struct err *e)
{
	struct token_ask a;
	struct buf b;
	int rc;

	token_ask_of(conf, &conf->accounts[account], &a);
	buf_init(&b, FRAME_MAX + FRAME_HEAD);
	if (token_put_ask(&b, &a) == -1)
		rc = err_set(e, ERR_LOCAL, "4.3.5",
		    "the request for a token does not fit its channel");
	else
		rc = frame_send(fd, &b, clock_mono_ms() + SEND_MS, e);
	token_ask_clear(&a);
	buf_clear(&b);
	return rc;
}

struct token_errand *
token_errand_start(const struct token_errand_parts *p, uint32_t account,
    const struct token_errand_calls *calls, void *arg, struct err *e)
{
	struct token_errand *r;
	pid_t pid;
	int fd = ask_token(p->ask, account, &pid, e);

	if (fd == -1)
		return NULL;
	/* One that ended at once is heard of by its end. */
	if (put_ask(fd, p->conf, account, e) == -1 && e->class == ERR_LOCAL) {
		close(fd);
		return NULL;
	}
	r = xcalloc(1, sizeof(*r));
	r->ask = p->ask;
	r->fd = fd;
	r->pid = pid;
	r->calls = calls;
	r->arg = arg;
	buf_init(&r->in, FRAME_MAX + FRAME_HEAD + READ_MAX);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	r->readable = event_new(p->base, fd, EV_READ, on_readable, r);
	if (r->readable == NULL)
		fatalx(EX_OSERR, "libevent: no event for token");
	listen_on(r);
	return r;
}

void
token_errand_free(struct token_errand *r)
{
	if (r == NULL)
		return;
	event_free(r->readable);
	close(r->fd);
	buf_clear(&r->in);
	free(r);
}
