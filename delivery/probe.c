/* SPDX-License-Identifier: ISC */
/* Envelopes that are said to the server, and taken back. */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mail/addr.h"
#include "mail/verdict.h"
#include "delivery/command.h"
#include "delivery/conn.h"
#include "delivery/probe.h"
#include "delivery/reply_read.h"
#include "delivery/session.h"

#define SENDERS_MAX 8 /* whoever has more learns enough by these */

/* An address that can be said as it is; a pattern of many is none. */
static bool
is_address(const char *s)
{
	bool is_utf8 = false;
	struct err e;

	return s != NULL && addr_domain(s) != NULL && s[0] != '@' &&
	       strchr(s, '*') == NULL &&
	       addr_check(s, "5.1.7", &is_utf8, &e) == 0 && !is_utf8;
}

static void
note_refused(struct session *s, const char *sender, struct job_result *why)
{
	struct job_probe *p = &s->ready.probe;

	if (p->sender[0] != '\0')
		return; /* RSET adds nothing to it */
	verdict_name(why, s->job->user, sender);
	strlcpy(p->sender, sender, sizeof(p->sender));
	strlcpy(p->phase, why->phase, sizeof(p->phase));
	p->code = why->code;
	strlcpy(p->status, why->status, sizeof(p->status));
	strlcpy(p->text, why->text, sizeof(p->text));
	strlcpy(p->meaning, why->meaning, sizeof(p->meaning));
	strlcpy(p->fix, why->fix, sizeof(p->fix));
}

/* One command; -1: it was refused, or the connection is lost. */
static int
say(struct session *s, enum phase at, const char *sender, const char *command)
{
	struct job_result why;
	struct reply r;
	struct err e;
	int rc = -1;

	reply_init(&r);
	conn_phase(s->conn, at);
	if (command_put(s->conn, &e, "%s", command) == -1 ||
	    conn_flush(s->conn, &e) == -1 ||
	    reply_read(&r, s->conn, &e) == -1) {
		s->is_broken = true;
		verdict_error(at, &e, &why);
		note_refused(s, sender, &why);
	} else if (reply_class(&r) != 2) {
		verdict_reply(at, &r, &why);
		note_refused(s, sender, &why);
	} else {
		rc = 0;
	}
	reply_clear(&r);
	return rc;
}

/* -1: no other sender is to be tried. */
static int
try(struct session *s, const char *sender)
{
	struct job_probe *p = &s->ready.probe;
	char mail[512], rcpt[512];
	int rc;

	snprintf(mail, sizeof(mail), "MAIL FROM:<%s>", sender);
	snprintf(rcpt, sizeof(rcpt), "RCPT TO:<%s>", s->job->user);
	s->needs_reset = true;
	rc = say(s, PHASE_MAIL, sender, mail);
	if (rc == 0)
		rc = say(s, PHASE_RCPT, sender, rcpt);
	if (s->is_broken || say(s, PHASE_RSET, sender, "RSET") == -1)
		return -1;
	s->needs_reset = false;
	if (rc == 0) {
		strlcat(
		    p->took, p->took[0] == '\0' ? "" : " ", sizeof(p->took));
		strlcat(p->took, sender, sizeof(p->took));
	}
	return rc;
}

void
probe_run(struct session *s)
{
	const struct strlist *senders = &s->job->senders;
	size_t i, n = 1;

	if (!is_address(s->job->user) || try(s, s->job->user) == -1)
		return;
	for (i = 0; i < senders->n && n < SENDERS_MAX; i++) {
		if (!is_address(senders->v[i]) ||
		    strcasecmp(senders->v[i], s->job->user) == 0)
			continue;
		n++;
		if (try(s, senders->v[i]) == -1)
			return;
	}
}
