/* SPDX-License-Identifier: ISC */
/*
 * The test message.  It goes the way of everybody's: the header is completed
 * as sendmail does it, and the submission contract or the drop folder takes it.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/test.h"
#include "common/clock.h"
#include "common/member.h"
#include "common/site.h"
#include "common/textsource.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/compose.h"
#include "mail/recipients.h"
#include "mail/route.h"
#include "mail/sender.h"
#include "mail/stamp.h"

#define TEXT_MAX 16384

/* What is needed until the message is safe. */
struct making {
	struct test_sending *to;
	struct identity caller;
	struct envelope env;
	struct recipients rcpts;
	struct stamp stamp;
	struct completion with;
	struct buf text;
	struct textsource reading;
	struct compose *compose;
	struct parcel *parcel;
};

/* ---- who sends it ---- */

static int
is_user(void *arg, size_t account, uid_t uid, struct err *e)
{
	const struct conf *c = arg;

	(void)e;
	return member_has(&c->accounts[account].users, uid) ? 1 : 0;
}

static const struct conf_account *
find_account(const struct conf *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->naccounts; i++)
		if (strcmp(c->accounts[i].name, name) == 0)
			return &c->accounts[i];
	return NULL;
}

/*
 * A message names no account: its sender does.  So it goes as the account's own
 * mailbox, where that leads to it.
 */
static int
settle_account(struct making *m, const char *name, struct err *e)
{
	const struct conf *c = m->to->conf;
	const struct route_users users = { is_user, (void *)(uintptr_t)c };
	const struct conf_account *found, *wanted = find_account(c, name);

	if (wanted == NULL)
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "the configuration has no account \"%s\"", name);
	if (wanted->user == NULL || addr_domain(wanted->user) == NULL)
		return err_set(e, ERR_LOCAL, "5.5.4",
		    "account.user of %s is no address, so that nothing can be "
		    "sent as it",
		    name);
	if (sender_settle(&m->env, wanted->user, &m->caller, e) == -1)
		return -1;
	found = route_find(c, &users, getuid(), &m->env, e);
	if (found == NULL || found == wanted)
		return found == NULL ? -1 : 0;
	return err_set(e, ERR_LOCAL, "5.7.1",
	    "mail of yours from %s goes by account %s, not by %s: see users "
	    "and senders of both",
	    wanted->user, found->name[0] == '\0' ? "(default)" : found->name,
	    name);
}

static void
author(void *arg, const char **address, const char **name)
{
	struct making *m = arg;

	sender_author(&m->env, &m->caller, NULL, address, name);
}

/* ---- the text ---- */

static int
stamp(struct making *m, struct err *e)
{
	uint8_t random[STAMP_RANDOM];
	const struct conf *c = m->to->conf;
	int64_t now = clock_wall();

	if (getentropy(random, sizeof(random)) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "no random numbers");
	stamp_make(&m->stamp, random, now, 0, c->local.hostname, &m->with);
	m->with.domain = c->local.domain;
	m->with.author = author;
	m->with.arg = m;
	return 0;
}

/* Whoever gets it shall know what it is, and that nothing is to be done. */
static void
write_text(struct making *m, const char *to)
{
	const char *host = m->to->conf->local.hostname;

	identity_get(&m->caller);
	buf_init(&m->text, TEXT_MAX);
	buf_printf(&m->text,
	    "To: %s\n"
	    "Subject: Test of mailchute on %s\n"
	    "Auto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=utf-8\n"
	    "\n"
	    "This is a test message. \"mailchute test\" was run on the host "
	    "below, to see\n"
	    "whether its mail gets here. It did; nothing has to be done.\n"
	    "\n"
	    "    host       %s\n"
	    "    run by     %s\n"
	    "    at         %s\n"
	    "    mailchute  %s\n",
	    to, host, host, m->caller.login, m->stamp.date, PACKAGE_VERSION);
}

static int
compose(struct making *m, struct err *e)
{
	const struct completed *found;
	struct source s = textsource_begin(&m->reading, &m->text);

	m->compose = compose_new(&s, CANON_DOT_IS_TEXT, &m->with);
	if (compose_header(m->compose, &found, e) == -1)
		return -1;
	m->env.from = envelope_text(found->from);
	m->env.message_id = envelope_text(found->message_id);
	s = compose_source(m->compose);
	m->parcel = parcel_new(&m->stamp.head, &m->env, &s,
	    SIZE_LIMIT_QUEUE(m->to->conf->queue.message_size_max));
	if (parcel_fill(m->parcel, e) == -1)
		return -1;
	m->env.body = parcel_body(m->parcel, BODY_UNKNOWN);
	return 0;
}

static void
tell_composed(struct making *m)
{
	const struct test_mail mail = {
		.to = m->env.rcpts[0].address,
		.sender = m->env.sender,
		.message_id = m->stamp.message_id,
		.octets = m->text.len,
	};

	m->to->composed(m->to->arg, &mail);
}

/* ---- all of it ---- */

static int
make(struct making *m, struct err *e)
{
	const struct args *a = m->to->args;

	if (sender_check_argument("the address", a->word, e) == -1 ||
	    recipients_add(&m->rcpts, a->word, e) == -1 ||
	    recipients_check(&m->rcpts, e) == -1)
		return -1;
	if (m->env.nrcpts != 1 || m->rcpts.bad.n > 0)
		return err_set(
		    e, ERR_PERM, "5.1.3", "\"%s\" is not one address", a->word);
	if (stamp(m, e) == -1)
		return -1;
	if (a->account != NULL
		? settle_account(m, a->account, e) == -1
		: sender_settle(&m->env, NULL, &m->caller, e) == -1)
		return -1;
	write_text(m, m->env.rcpts[0].address);
	return compose(m, e);
}

static int
hand_over(struct making *m, struct handed *out, struct err *e)
{
	struct site site;
	struct route to;
	int rc;

	site_open(&site, m->to->args->conf_path);
	to = site_route(&site);
	rc = handover(&to, m->parcel, out, e);
	if (rc == 0 && out->queue_id[0] == '\0')
		m->to->folder = xstrdup(to.drop.folder);
	site_close(&site);
	return rc;
}

int
test_mail_send(struct test_sending *s, struct handed *out, struct err *e)
{
	struct making m = { .to = s };
	int rc;

	s->folder = NULL;
	identity_init(&m.caller);
	envelope_init(&m.env);
	recipients_init(&m.rcpts, &m.env, 0);
	rc = make(&m, e);
	if (rc == 0) {
		tell_composed(&m);
		rc = hand_over(&m, out, e);
	}
	parcel_free(m.parcel);
	compose_free(m.compose);
	buf_clear(&m.text);
	stamp_clear(&m.stamp);
	recipients_clear(&m.rcpts);
	envelope_clear(&m.env);
	identity_clear(&m.caller);
	return rc;
}
