/* SPDX-License-Identifier: ISC */
/*
 * One message, from its text to the answer.  It passes through as it comes:
 * completed as sendmail does it (mail/compose.c), and handed over
 * (common/handover.c) with its first MiB in memory.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/handover.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "mail/compose.h"
#include "mail/stamp.h"
#include "smtpd/message.h"

/* Who a message without From is of when it has no sender, either. */
#define NOBODY "MAILER-DAEMON"

struct message {
	const struct service *service;
	struct envelope *env;
	struct stamp stamp;
	struct completion with;
	struct compose *compose;
	struct parcel *parcel;
};

/* ---- what it is given ---- */

static void
author(void *arg, const char **address, const char **name)
{
	const struct message *m = arg;

	*address = m->env->sender[0] == '\0' ? NOBODY : m->env->sender;
	*name = "";
}

static int
stamp(struct message *m, struct err *e)
{
	uint8_t random[STAMP_RANDOM];
	int64_t now = clock_wall();

	if (getentropy(random, sizeof(random)) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "no random numbers");
	stamp_make(&m->stamp, random, now, clock_offset(now),
	    m->service->hostname, &m->with);
	m->with.domain = m->service->domain;
	m->with.author = author;
	m->with.forced = m->service->forced;
	m->with.arg = m;
	return 0;
}

/*
 * What mailchuted judges of a stranger's message.  An address that no contract
 * takes is none that anybody may send as, be it the first of From.  A From that
 * names nobody ("<>") is of the sender of the envelope, as one that is missing.
 */
static void
tell_authors(struct envelope *env, const struct completed *found)
{
	const struct strlist *others = &found->authors.others;
	char *text;
	size_t i;

	env->authors.has_unread = found->authors.has_unread ||
				  (found->from != NULL && env->from == NULL);
	if (found->from == NULL)
		env->from = envelope_text(env->sender);
	for (i = 0; i < others->n; i++) {
		if ((text = envelope_text(others->v[i])) == NULL)
			env->authors.has_unread = true;
		else
			strlist_add(&env->authors.others, text);
		free(text);
	}
}

/* ---- the way of it ---- */

static int
hand_over(struct message *m, const struct source *text, struct handed *handed,
    struct err *e)
{
	struct source source;
	const struct completed *found;

	if (stamp(m, e) == -1)
		return -1;
	m->compose = compose_new(text, CANON_DOT_IS_TEXT, &m->with);
	if (compose_header(m->compose, &found, e) == -1)
		return -1;
	m->env->from = envelope_text(found->from);
	m->env->message_id = envelope_text(found->message_id);
	if (m->service->is_public)
		tell_authors(m->env, found);
	source = compose_source(m->compose);
	m->parcel =
	    parcel_new(&m->stamp.head, m->env, &source, m->service->limit);
	if (parcel_fill(m->parcel, e) == -1)
		return -1;
	m->env->body = parcel_body(m->parcel, m->env->body);
	return m->service->hand_over(m->service->arg, m->parcel, handed, e);
}

/* What an administrator may want to know of a message that is safe. */
static void
note(const struct message *m, const struct handed *handed)
{
	struct compose_losses l = compose_losses(m->compose);

	if (handed->queue_id[0] == '\0')
		log_text(LOG_NOTICE, "smtpd",
		    "%s; the message lies in %s until mailchuted runs",
		    handed->why.text, m->service->drop_directory);
	if (l.nuls > 0)
		log_text(LOG_NOTICE, "smtpd",
		    "%llu NUL octets were left out of %s",
		    (unsigned long long)l.nuls, m->stamp.message_id);
}

static void
answer(const struct message *m, const struct handed *handed, struct reply *r)
{
	note(m, handed);
	if (handed->queue_id[0] != '\0')
		reply_set(r, 250, "2.0.0", "queued as %s", handed->queue_id);
	else
		reply_set(r, 250, "2.0.0",
		    "safe in the drop folder until mailchuted runs");
}

int
message_take(const struct source *text, const struct service *service,
    struct envelope *env, struct reply *r, struct err *e)
{
	struct message m;
	struct handed handed;
	int rc;

	memset(&m, 0, sizeof(m));
	m.service = service;
	m.env = env;
	if ((rc = hand_over(&m, text, &handed, e)) == 0)
		answer(&m, &handed, r);
	parcel_free(m.parcel);
	compose_free(m.compose);
	stamp_clear(&m.stamp);
	return rc;
}
