/* SPDX-License-Identifier: ISC */
/*
 * Every cause for which a recipient waits: each is made in an office whose
 * parent and deliver processes are the test, and must have a text, a meaning
 * or a fix, and a time or a word that it waits for somebody.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/control_priv.h"
#include "queue/dispatch.h"
#include "tests/unit/dispatch_rig.h"

#define MAILBOX \
	"[account]\nprovider = office365\nuser = a@contoso.com\n" \
	"password_file = pw\n"
#define HOUR 3600

static struct {
	struct deliver d;
	bool has_deliver;
	bool is_daemon;
} it;

/* ---- making them ---- */

static uint64_t
start_deliver(void)
{
	uint64_t id;

	will_start(&it.d);
	it.has_deliver = true;
	id = post(1, "first@example.com");
	kick();
	asked(ASK_DELIVER);
	hears(&it.d, JOB_SESSION);
	return id;
}

static uint64_t
is_fresh(void)
{
	return post(1, "a@example.com");
}

static uint64_t
is_connecting(void)
{
	return start_deliver();
}

static uint64_t
is_being_sent(void)
{
	uint64_t id = start_deliver();

	says_ready(&it.d);
	hears_message(&it.d);
	return id;
}

static uint64_t
is_behind(void)
{
	is_being_sent();
	return post(2, "second@example.com");
}

/* The session failed: the account's trouble, with the words that it brings. */
static uint64_t
fails(enum job_outcome outcome, enum job_scope scope, const char *text)
{
	uint64_t id = start_deliver();

	says_failed(&it.d, outcome, scope, text);
	return id;
}

static uint64_t
backs_off(void)
{
	return fails(JOB_DEFERRED, JOB_SCOPE_CONNECTION, "lost connection");
}

static uint64_t
account_held(void)
{
	return fails(JOB_REJECTED, JOB_SCOPE_ACCOUNT, "wrong password");
}

static uint64_t
fails_without_a_word(void)
{
	return fails(JOB_DEFERRED, JOB_SCOPE_CONNECTION, "");
}

static uint64_t
deliver_ended(void)
{
	uint64_t id = start_deliver();

	hangs_up(&it.d);
	return id;
}

static uint64_t
deliver_did_not_start(void)
{
	uint64_t id = post(1, "a@example.com");

	will_refuse("too many processes");
	kick();
	asked(ASK_DELIVER);
	return id;
}

/* The one before it has spent the budget. */
static uint64_t
is_over_budget(void)
{
	start_deliver();
	says_ready(&it.d);
	takes_one(&it.d);
	return post(1, "a@example.com");
}

static void
change(uint64_t id, enum rcpt_state from, const struct rcpt_change *c)
{
	struct store *s = rig.o.parts.store;

	fixture_begin(s);
	assert_int_equal(state_set(s, id, 1, from, c, &rig.o.e), 0);
	fixture_commit(s);
}

/* As settle leaves it after a try. */
static uint64_t
tried(enum rcpt_state to, int64_t due_at, const char *text, const char *meaning,
    const char *fix)
{
	const struct rcpt_change active = { .to = RCPT_ACTIVE };
	const struct rcpt_change c = { .to = to,
		.due_at = due_at,
		.attempted = true,
		.code = text[0] == '4' ? 451 : 0,
		.text = text,
		.meaning = meaning,
		.fix = fix };
	uint64_t id = post(1, "a@example.com");

	change(id, RCPT_QUEUED, &active);
	change(id, RCPT_ACTIVE, &c);
	return id;
}

static uint64_t
was_put_off(void)
{
	return tried(RCPT_QUEUED, rig.now + HOUR, "4.3.0 Not now",
	    "It was put off.", "Nothing.");
}

static uint64_t
was_put_off_and_is_due(void)
{
	return tried(RCPT_QUEUED, rig.now - 1, "4.3.0 Not now",
	    "It was put off.", "Nothing.");
}

/* A row of a version that had no words. */
static uint64_t
was_put_off_without_words(void)
{
	return tried(RCPT_QUEUED, rig.now + HOUR, "4.3.0 Not now", "", "");
}

/* "451" and nothing else. */
static uint64_t
was_put_off_without_a_reason(void)
{
	const struct rcpt_change active = { .to = RCPT_ACTIVE };
	const struct rcpt_change c = { .to = RCPT_QUEUED,
		.due_at = rig.now + HOUR,
		.attempted = true,
		.code = 451,
		.text = "" };
	uint64_t id = post(1, "a@example.com");

	change(id, RCPT_QUEUED, &active);
	change(id, RCPT_ACTIVE, &c);
	return id;
}

static uint64_t
is_uncertain(void)
{
	return tried(RCPT_UNCERTAIN, rig.now + HOUR, "lost connection",
	    RCPT_UNCERTAIN_MEANING, RCPT_UNCERTAIN_AGAIN);
}

static uint64_t
is_active(void)
{
	const struct rcpt_change active = { .to = RCPT_ACTIVE };
	uint64_t id = post(1, "a@example.com");

	change(id, RCPT_QUEUED, &active);
	return id;
}

static uint64_t
is_held(void)
{
	const struct rcpt_change held = { .to = RCPT_HELD };
	uint64_t id = post(1, "a@example.com");

	change(id, RCPT_QUEUED, &held);
	return id;
}

static uint64_t
is_held_with_words(void)
{
	const struct rcpt_change held = { .to = RCPT_HELD };
	uint64_t id = tried(RCPT_UNCERTAIN, rig.now, "lost connection",
	    RCPT_UNCERTAIN_HELD, RCPT_UNCERTAIN_FIX);

	change(id, RCPT_UNCERTAIN, &held);
	return id;
}

static uint64_t
was_released(void)
{
	const struct rcpt_change back = { .to = RCPT_QUEUED,
		.due_at = rig.now,
		.status = "",
		.text = "",
		.meaning = "",
		.fix = "" };
	uint64_t id = is_held_with_words();

	change(id, RCPT_HELD, &back);
	return id;
}

static uint64_t
is_paused(void)
{
	dispatch_set_paused(rig.o.parts.dispatch, rig.now);
	return post(1, "a@example.com");
}

static uint64_t
is_uncertain_and_paused(void)
{
	dispatch_set_paused(rig.o.parts.dispatch, rig.now);
	return is_uncertain();
}

static uint64_t
is_sent_though_paused(void)
{
	uint64_t id = is_being_sent();

	dispatch_set_paused(rig.o.parts.dispatch, rig.now);
	return id;
}

static uint64_t
is_off(void)
{
	rig.o.conf->queue.delivery = false;
	return post(1, "a@example.com");
}

/* ---- judging them ---- */

#define UNTIL_STARTED "No mail goes out until somebody starts mailchuted."
#define NO_DAEMON     "mailchuted is not running", UNTIL_STARTED
#define START         "Start mailchuted; \"sendmail -q\" sends once what waits."

enum when {
	NOBODY_KNOWS, /* it waits for somebody, and says so */
	STOPPED,      /* the same, with no daemon */
	SOON,         /* due: as soon as its turn has come */
	LATER,
	NOW /* it waits for nothing */
};

static const struct {
	const char *name;
	uint64_t (*make)(void);
	const char *options;              /* NULL: OFFICE_ACCOUNT */
	const char *text, *meaning, *fix; /* parts of them; NULL: none */
	enum when when;
} causes[] = {
	{ "fresh", is_fresh, NULL, "not tried yet", "which comes at once", NULL,
	    SOON },
	{ "connecting", is_connecting, NULL, "not tried yet",
	    "is connecting to the server", NULL, SOON },
	{ "behind", is_behind, NULL, "not tried yet",
	    "other mail of the account goes before it", NULL, SOON },
	{ "being sent", is_being_sent, NULL, "being sent now", "has it", NULL,
	    NOW },
	{ "active", is_active, NULL, "being sent now", "has it", NULL, NOW },
	{ "back-off", backs_off, NULL, "lost connection",
	    "left alone for a while", "tried again by itself", LATER },
	{ "account held", account_held, NULL, "wrong password",
	    "cannot deliver", "mailchute retry ALL", LATER },
	{ "no words at all", fails_without_a_word, NULL,
	    "the account backs off", "after a failure", "tried again by itself",
	    LATER },
	{ "deliver ended", deliver_ended, NULL, "deliver ended without a word",
	    "program that delivers failed",
	    "log of mailchuted. If mailchute was just upgraded", LATER },
	{ "no deliver", deliver_did_not_start, NULL, "too many processes",
	    "on this host", "Mend what the text names", LATER },
	{ "rate", is_over_budget, OFFICE_ACCOUNT "rate = 1/1h\n",
	    "account.rate is used up (1 message in 1h)",
	    "no more than the configuration allows", "goes by itself", LATER },
	{ "rate at Microsoft", is_over_budget, MAILBOX "rate = 1/1h\n",
	    "account.rate is used up", "30 messages a minute", "goes by itself",
	    LATER },
	{ "a day's recipients", is_over_budget,
	    MAILBOX "recipients_per_day = 1\n",
	    "account.recipients_per_day is used up (1 recipient in 1d)",
	    "10,000 recipients a day", "goes by itself", LATER },
	{ "put off", was_put_off, NULL, "4.3.0 Not now", "It was put off.",
	    "Nothing.", LATER },
	{ "put off, and due", was_put_off_and_is_due, NULL, "4.3.0 Not now",
	    "It was put off.", "Nothing.", SOON },
	{ "put off without words", was_put_off_without_words, NULL,
	    "4.3.0 Not now", NULL, "tried again by itself", LATER },
	{ "put off without a reason", was_put_off_without_a_reason, NULL,
	    "the server gave no reason", NULL, "tried again by itself", LATER },
	{ "uncertain", is_uncertain, NULL, "lost connection",
	    RCPT_UNCERTAIN_MEANING, "perhaps a second time", LATER },
	{ "held", is_held, NULL, "held", "until somebody releases it",
	    "mailchute release ID", NOBODY_KNOWS },
	{ "held uncertain", is_held_with_words, NULL, "lost connection",
	    RCPT_UNCERTAIN_MEANING, "Ask whether it arrived", NOBODY_KNOWS },
	{ "released", was_released, NULL, "not tried again yet",
	    "waits for its turn", NULL, SOON },
	{ "paused", is_paused, NULL, "delivery is paused",
	    "until somebody resumes", "mailchute resume", NOBODY_KNOWS },
	{ "uncertain and paused", is_uncertain_and_paused, NULL,
	    "delivery is paused",
	    RCPT_UNCERTAIN_MEANING " Mail is taken and kept",
	    "mailchute resume", NOBODY_KNOWS },
	{ "sent though paused", is_sent_though_paused, NULL, "being sent now",
	    "has it", NULL, NOW },
	{ "off", is_off, NULL, "delivery is off (queue.delivery)",
	    "until somebody switches", "queue.delivery = on", NOBODY_KNOWS },
	{ "no daemon", is_fresh, NULL, NO_DAEMON, START, STOPPED },
	{ "active without a daemon", is_active, NULL, NO_DAEMON, START,
	    STOPPED },
	{ "put off without a daemon", was_put_off, NULL, "4.3.0 Not now",
	    "It was put off. " UNTIL_STARTED, START " Nothing.", STOPPED },
	{ "account held without a daemon", account_held, NULL, "wrong password",
	    UNTIL_STARTED, "mailchute retry ALL", STOPPED },
	{ "off without a daemon", is_off, NULL, "delivery is off",
	    UNTIL_STARTED, START " Set queue.delivery = on", STOPPED },
	{ "uncertain without a daemon", is_uncertain, NULL, "lost connection",
	    RCPT_UNCERTAIN_MEANING " " UNTIL_STARTED, START, STOPPED },
	{ "held without a daemon", is_held, NULL, "held",
	    "until somebody releases it", "Run \"mailchute release ID\"",
	    STOPPED },
};

/* What a listing would show of the message's one recipient. */
static void
explain(uint64_t id, struct ctl_recipient *out)
{
	const struct control_parts cp = { .conf = rig.o.conf,
		.times = &rig.o.parts.times,
		.store = rig.o.parts.store,
		.dispatch = rig.o.parts.dispatch,
		.is_daemon = it.is_daemon };
	const struct client c = { .parts = &cp, .may_all = true };
	struct store_message m = { 0 };
	struct store_rcpt *v;
	size_t n;

	memset(out, 0, sizeof(*out));
	assert_int_equal(
	    store_message_get(rig.o.parts.store, id, &m, &rig.o.e), 1);
	assert_int_equal(
	    store_rcpts_get(rig.o.parts.store, id, &v, &n, &rig.o.e), 0);
	assert_int_equal(n, 1);
	client_explain(&c, &m, v, out);
	store_rcpt_clear(v);
	free(v);
	store_message_clear(&m);
}

static bool
holds(const char *text, const char *part)
{
	if (part == NULL)
		return text == NULL || *text == '\0';
	return text != NULL && strstr(text, part) != NULL;
}

static bool
is_when(const struct ctl_recipient *r, enum when when)
{
	switch (when) {
	case NOBODY_KNOWS:
	case STOPPED:
		return r->next_at == 0 && holds(r->meaning, "until");
	case SOON:
		return r->next_at > 0 && r->next_at <= rig.now + 60;
	case LATER:
		return r->next_at > rig.now;
	case NOW:
		break;
	}
	return r->next_at == 0;
}

static void
every_cause_has_words_and_a_time(void **state)
{
	struct ctl_recipient r;
	char options[512];
	uint64_t id;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		memset(&it, 0, sizeof(it));
		strlcpy(options, OFFICE_ADMIN, sizeof(options));
		strlcat(options,
		    causes[i].options == NULL ? OFFICE_ACCOUNT
					      : causes[i].options,
		    sizeof(options));
		rig_up(options);
		id = causes[i].make();
		it.is_daemon = causes[i].when != STOPPED;
		explain(id, &r);
		if (holds(r.text, NULL) ||
		    (holds(r.meaning, NULL) && holds(r.fix, NULL)) ||
		    !holds(r.text, causes[i].text) ||
		    !holds(r.meaning, causes[i].meaning) ||
		    !holds(r.fix, causes[i].fix) ||
		    !is_when(&r, causes[i].when))
			fail_msg("%s: \"%s\", \"%s\", \"%s\", next %lld",
			    causes[i].name, r.text == NULL ? "" : r.text,
			    r.meaning == NULL ? "" : r.meaning,
			    r.fix == NULL ? "" : r.fix, (long long)r.next_at);
		ctl_recipient_clear(&r);
		if (it.has_deliver)
			hangs_up(&it.d);
		rig_down();
	}
}

/* A reply's code and status go with its text. */
static void
a_code_stands_with_its_own_words(void **state)
{
	struct ctl_recipient r;

	(void)state;
	memset(&it, 0, sizeof(it));
	it.is_daemon = true;
	rig_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	explain(was_put_off(), &r);
	assert_int_equal(r.code, 451);
	ctl_recipient_clear(&r);
	dispatch_set_paused(rig.o.parts.dispatch, rig.now);
	explain(was_put_off(), &r);
	assert_int_equal(r.code, 0);
	assert_true(r.status == NULL || r.status[0] == '\0');
	ctl_recipient_clear(&r);
	rig_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cause_has_words_and_a_time),
		cmocka_unit_test(a_code_stands_with_its_own_words),
	};

	return cmocka_run_group_tests_name("control_why", tests, NULL, NULL);
}
