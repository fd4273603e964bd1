/* SPDX-License-Identifier: ISC */
/* What becomes of recipients in the store after a try. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/ask.h"
#include "queue/bounce.h"
#include "queue/expand.h"
#include "queue/settle.h"
#include "tests/unit/queue_fixture.h"

#define DAY (24 * 3600)

static int64_t retry[] = { 60, 600 };

static char hostname_[] = "web01.contoso.com";
static char domain_[] = "contoso.com";
static char aliases_[] = "/nonexistent/aliases";
static char admin_[] = "it@contoso.com";

static struct conf
configuration(void)
{
	struct conf c;

	memset(&c, 0, sizeof(c));
	c.local.hostname = hostname_;
	c.local.domain = domain_;
	c.local.aliases = aliases_;
	c.local.admin = admin_;
	c.queue.retry_s = retry;
	c.queue.nretry = 2;
	c.queue.lifetime_s = 5 * DAY;
	return c;
}

struct rig {
	struct world *w;
	struct conf conf;
	struct ask *ask;
	struct expand *expand;
	struct bounce *bounce;
	struct settle settle;
};

static void
rig_up(struct rig *r, void **state)
{
	memset(r, 0, sizeof(*r));
	r->w = *state;
	r->conf = configuration();
	r->ask = ask_new_alone(&r->conf);
	r->expand = expand_new(&r->conf, r->ask);
	r->bounce = bounce_new(&r->conf, r->w->s, r->expand);
	r->settle = (struct settle){ &r->conf, r->w->s, r->bounce };
}

static void
rig_down(struct rig *r)
{
	bounce_free(r->bounce);
	expand_free(r->expand);
	ask_free(r->ask);
}

static struct job *
claimed(struct rig *r, uint64_t id, int64_t now)
{
	struct err *e = &r->w->e;
	struct job *j = job_load(r->w->s, id, now, 100, e);

	assert_non_null(j);
	fixture_begin(r->w->s);
	assert_int_equal(job_claim(r->w->s, j, e), 0);
	fixture_commit(r->w->s);
	j->is_claimed = j->is_body_ended = true;
	return j;
}

static void
answer(struct job *j, size_t i, enum job_outcome outcome, enum job_scope scope)
{
	struct job_result res = { .rcpt = j->rcpts[i].id,
		.outcome = outcome,
		.scope = scope,
		.code = outcome == JOB_DELIVERED ? 250 : 550 };

	strlcpy(res.status, outcome == JOB_DELIVERED ? "2.0.0" : "5.1.1",
	    sizeof(res.status));
	strlcpy(res.text, "the server's words", sizeof(res.text));
	assert_int_equal(job_note(j, &res), 0);
}

static bool
settle(struct rig *r, struct job *j, int64_t now)
{
	bool finished;

	fixture_begin(r->w->s);
	if (settle_work(&r->settle, j, now, &finished, &r->w->e) == -1)
		fail_msg("%s", r->w->e.text);
	fixture_commit(r->w->s);
	job_free(j);
	return finished;
}

struct found {
	size_t n;
	uint64_t id;
	char sender[64], rcpt[64];
	enum message_kind kind;
	enum rcpt_state state;
	char text[64], meaning[256], fix[256];
};

static void
on_row(void *arg, const struct store_message *m, const struct store_rcpt *r)
{
	struct found *f = arg;

	f->n++;
	f->id = m->id;
	f->kind = m->kind;
	f->state = r->state;
	strlcpy(f->sender, m->sender, sizeof(f->sender));
	strlcpy(f->rcpt, r->address, sizeof(f->rcpt));
	strlcpy(f->text, r->text == NULL ? "" : r->text, sizeof(f->text));
	strlcpy(f->meaning, r->meaning == NULL ? "" : r->meaning,
	    sizeof(f->meaning));
	strlcpy(f->fix, r->fix == NULL ? "" : r->fix, sizeof(f->fix));
}

static struct found
list(struct rig *r)
{
	struct found f;
	struct store_walk walk = { .max = 100 };

	memset(&f, 0, sizeof(f));
	assert_int_equal(store_list(r->w->s, &walk, on_row, &f, &r->w->e), 0);
	return f;
}

static void
delivered_mail_leaves_the_queue(void **state)
{
	struct rig r;
	uint64_t id;
	struct job *j;

	rig_up(&r, state);
	id = fixture_add(r.w->s, (struct fixture_message){ .recipients = 2 });
	j = claimed(&r, id, T0);
	answer(j, 0, JOB_DELIVERED, JOB_SCOPE_MESSAGE);
	answer(j, 1, JOB_DELIVERED, JOB_SCOPE_MESSAGE);
	assert_true(settle(&r, j, T0 + 1));
	assert_int_equal(list(&r).n, 0);
	rig_down(&r);
}

static void
one_bad_recipient_bounces_alone(void **state)
{
	struct notice_made made[BOUNCE_MADE_MAX];
	struct rig r;
	struct found f;
	uint64_t id;
	struct job *j;

	rig_up(&r, state);
	id = fixture_add(r.w->s, (struct fixture_message){ .recipients = 3 });
	j = claimed(&r, id, T0);
	answer(j, 0, JOB_DELIVERED, JOB_SCOPE_MESSAGE);
	answer(j, 1, JOB_REJECTED, JOB_SCOPE_RECIPIENT);
	answer(j, 2, JOB_DELIVERED, JOB_SCOPE_MESSAGE);
	assert_true(settle(&r, j, T0 + 1));
	f = list(&r);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.kind, KIND_BOUNCE);
	assert_string_equal(f.sender, "");
	assert_string_equal(f.rcpt, "sender@example.com");
	assert_int_equal(bounce_made(r.bounce, made), 1);
	assert_true(made[0].octets > 0);
	rig_down(&r);
}

static void
expired_mail_bounces_claimed_or_not(void **state)
{
	struct rig r;
	struct found f;
	uint64_t id;
	struct job *j;
	int claim;

	for (claim = 0; claim < 2; claim++) {
		rig_up(&r, state);
		id = fixture_add(
		    r.w->s, (struct fixture_message){ .recipients = 1 });
		if (claim)
			j = claimed(&r, id, T0);
		else
			j = job_load(r.w->s, id, T0, 100, &r.w->e);
		answer(j, 0, JOB_DEFERRED, JOB_SCOPE_RECIPIENT);
		assert_true(settle(&r, j, T0 + 6 * DAY));
		f = list(&r);
		assert_int_equal(f.n, 1 + claim);
		assert_int_equal(f.kind, KIND_BOUNCE);
		rig_down(&r);
	}
}

static void
a_failed_notice_goes_to_the_admin_once(void **state)
{
	struct notice_made made[BOUNCE_MADE_MAX];
	struct rig r;
	struct found f;
	uint64_t id;
	struct job *j;

	rig_up(&r, state);
	id = fixture_add(
	    r.w->s, (struct fixture_message){ .kind = KIND_BOUNCE });
	j = claimed(&r, id, T0);
	answer(j, 0, JOB_REJECTED, JOB_SCOPE_RECIPIENT);
	assert_false(settle(&r, j, T0 + 1));
	f = list(&r);
	assert_int_equal(f.id, id);
	assert_string_equal(f.rcpt, "it@contoso.com");
	assert_int_equal(f.state, RCPT_QUEUED);

	/* The admin's copy fails as well: it is kept, and no more is sent. */
	j = claimed(&r, id, T0 + 2);
	answer(j, 0, JOB_REJECTED, JOB_SCOPE_RECIPIENT);
	assert_false(settle(&r, j, T0 + 3));
	f = list(&r);
	assert_int_equal(f.state, RCPT_HELD);
	/* What the server said, and why it lies there all the same. */
	assert_string_equal(f.text, "the server's words");
	assert_non_null(strstr(f.meaning, "nobody is left who could be told"));
	assert_non_null(strstr(f.fix, "local.admin"));
	assert_int_equal(bounce_made(r.bounce, made), 0);
	rig_down(&r);
}

static void
the_account_s_fault_changes_nothing(void **state)
{
	struct rig r;
	struct store_message m;
	struct found f;
	uint64_t id;
	struct job *j;

	rig_up(&r, state);
	id = fixture_add(r.w->s, (struct fixture_message){ .uid = 1 });
	j = claimed(&r, id, T0 + 5);
	answer(j, 0, JOB_REJECTED, JOB_SCOPE_ACCOUNT);
	assert_false(settle(&r, j, T0 + 6));
	f = list(&r);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.state, RCPT_QUEUED);
	memset(&m, 0, sizeof(m));
	assert_int_equal(store_message_get(r.w->s, id, &m, &r.w->e), 1);
	assert_int_equal(m.attempts, 0);
	assert_int_equal(m.due_at, T0);
	store_message_clear(&m);
	rig_down(&r);
}

static void
an_early_refusal_needs_no_claim(void **state)
{
	struct rig r;
	uint64_t id;
	struct job *j;

	rig_up(&r, state);
	id = fixture_add(r.w->s, (struct fixture_message){ .uid = 1 });
	j = job_load(r.w->s, id, T0, 100, &r.w->e);
	assert_non_null(j);
	answer(j, 0, JOB_REJECTED, JOB_SCOPE_MESSAGE);
	assert_true(settle(&r, j, T0 + 1));
	rig_down(&r);
}

static void
what_was_held_meanwhile_is_not_claimed(void **state)
{
	struct rig r;
	uint64_t id;
	struct job *j;

	rig_up(&r, state);
	id = fixture_add(r.w->s, (struct fixture_message){ .uid = 1 });
	j = job_load(r.w->s, id, T0, 100, &r.w->e);
	fixture_set(r.w->s, id, 1, RCPT_QUEUED, RCPT_HELD, 0);
	fixture_begin(r.w->s);
	assert_int_equal(job_claim(r.w->s, j, &r.w->e), -1);
	assert_int_equal(r.w->e.class, ERR_PERM);
	store_rollback(r.w->s);
	assert_null(job_load(r.w->s, id, T0, 100, &r.w->e));
	job_free(j);
	rig_down(&r);
}

static void
foreign_results_are_refused(void **state)
{
	struct rig r;
	struct job_result res = { .rcpt = 77, .outcome = JOB_DELIVERED };
	uint64_t id;
	struct job *j;

	rig_up(&r, state);
	id = fixture_add(r.w->s, (struct fixture_message){ .uid = 1 });
	j = job_load(r.w->s, id, T0, 100, &r.w->e);
	assert_int_equal(job_note(j, &res), -1);
	job_free(j);
	rig_down(&r);
}

#define in_world(f) \
	cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(delivered_mail_leaves_the_queue),
		in_world(one_bad_recipient_bounces_alone),
		in_world(expired_mail_bounces_claimed_or_not),
		in_world(a_failed_notice_goes_to_the_admin_once),
		in_world(the_account_s_fault_changes_nothing),
		in_world(an_early_refusal_needs_no_claim),
		in_world(what_was_held_meanwhile_is_not_claimed),
		in_world(foreign_results_are_refused),
	};

	return cmocka_run_group_tests_name("settle", tests, NULL, NULL);
}
