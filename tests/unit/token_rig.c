/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "queue/dispatch.h"
#include "queue/signin.h"
#include "tests/unit/token_rig.h"

/* A token program is a deliver that speaks another language. */
void
will_ask(struct deliver *t)
{
	will_start(t);
}

void
knows_none(void)
{
	will_refuse("there is no token");
}

void
hears_ask(struct deliver *t)
{
	struct token_ask a;
	struct frame f;

	hears_any(t, &f);
	assert_int_equal(f.type, TOKEN_ASK);
	assert_int_equal(token_get_ask(&f, &a, &rig.o.e), 0);
	assert_non_null(strstr(a.client_id, "11111111-2222-"));
	token_ask_clear(&a);
}

struct token_granted
token_of(int64_t lifetime_s)
{
	struct token_granted g;

	memset(&g, 0, sizeof(g));
	g.asked_at = rig.now;
	g.lifetime_s = (uint64_t)lifetime_s;
	g.until = rig.now + lifetime_s;
	return g;
}

static void
put(struct deliver *t, struct buf *b)
{
	assert_int_equal(
	    send(t->fd, buf_data(b), b->len, MSG_NOSIGNAL), b->len);
	buf_clear(b);
	office_run(&rig.o);
}

void
grants(struct deliver *t, const struct token_granted *g)
{
	struct buf b;

	buf_init(&b, FRAME_MAX);
	assert_int_equal(token_put_granted(&b, g), 0);
	put(t, &b);
}

void
grants_an_hour(struct deliver *t)
{
	struct token_granted g = token_of(3600);

	grants(t, &g);
}

void
fails(struct deliver *t, enum token_class class, uint64_t wait_s)
{
	struct token_failed x;
	struct buf b;

	memset(&x, 0, sizeof(x));
	x.class = class;
	x.wait_s = wait_s;
	strlcpy(x.text, "AADSTS7000222: over", sizeof(x.text));
	strlcpy(x.meaning, "The client secret is over.", sizeof(x.meaning));
	strlcpy(x.fix, "Make a new one.", sizeof(x.fix));
	buf_init(&b, FRAME_MAX);
	assert_int_equal(token_put_failed(&b, &x), 0);
	put(t, &b);
	hangs_up(t);
}

/* The stamp that it was refused with, and the one after the end. */
void
holds(struct deliver *t)
{
	will_stamp(1);
	will_stamp(1);
	fails(t, TOKEN_NEVER, 0);
	asked(ASK_STAMP);
	asked(ASK_STAMP);
}

/* Up to the first connection, whose deliver has its session. */
void
begins(const char *options, struct deliver *d)
{
	struct deliver t;

	rig_up(options);
	post(1000, "a@example.com");
	knows_none();
	will_ask(&t);
	kick();
	asked(ASK_KNOWN);
	asked(ASK_TOKEN);
	hears_ask(&t);
	will_start(d);
	grants_an_hour(&t);
	asked(ASK_GRANTED);
	asked(ASK_DELIVER);
	hears(d, JOB_SESSION);
	hangs_up(&t);
}

void
refuses_535(struct deliver *d, const char *status)
{
	struct job_result r = {
		.outcome = JOB_REJECTED, .scope = JOB_SCOPE_ACCOUNT, .code = 535
	};
	struct job_ready sofar = { .relay = "mx.example.com" };
	struct buf b;

	strlcpy(r.status, status, sizeof(r.status));
	strlcpy(r.text, "Authentication unsuccessful", sizeof(r.text));
	strlcpy(r.meaning, "Refused.", sizeof(r.meaning));
	strlcpy(r.fix, "Check all.", sizeof(r.fix));
	buf_init(&b, FRAME_MAX);
	assert_int_equal(job_put_failed(&b, &r, &sofar), 0);
	put(d, &b);
}
