/* SPDX-License-Identifier: ISC */
/*
 * One submission from the command line to the exit status.  Exit 0 means that
 * the message is on disk, in the queue or in the drop folder; any other status
 * means that it is not, and a line on stderr says why.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/site.h"
#include "common/xalloc.h"
#include "mail/compose.h"
#include "mail/recipients.h"
#include "sendmail/input.h"
#include "sendmail/notice.h"
#include "sendmail/send.h"
#include "mail/sender.h"
#include "mail/stamp.h"
#include "common/sysexit.h"

#define BAD_SHOWN 10 /* malformed recipients named one by one */

struct send {
	const struct args *args;
	struct report report;
	struct site site;
	struct identity caller;
	struct envelope env;
	struct recipients rcpts;
	struct input input;
	struct compose *compose;
	struct parcel *parcel;
	struct completion with;
	struct stamp stamp;
};

static void
author(void *arg, const char **address, const char **name)
{
	struct send *s = arg;

	sender_author(&s->env, &s->caller, s->args->full_name, address, name);
}

/* What identifies this message, and what a header without it is given. */
static int
stamp(struct send *s, struct err *e)
{
	uint8_t random[STAMP_RANDOM];
	int64_t now = clock_wall();

	if (getentropy(random, sizeof(random)) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "no random numbers");
	stamp_make(&s->stamp, random, now, clock_offset(now),
	    s->site.conf->local.hostname, &s->with);
	s->with.domain = s->site.conf->local.domain;
	s->with.author = author;
	s->with.arg = s;
	return 0;
}

/* Everything that can be judged before a line of the message is read. */
static int
judge_arguments(struct send *s, struct err *e)
{
	const struct args *a = s->args;
	int i;

	if (a->full_name != NULL && sender_check_argument("the name given by "
							  "-F",
					a->full_name, e) == -1)
		return -1;
	if (sender_settle(&s->env, a->sender, &s->caller, e) == -1)
		return -1;
	for (i = 0; i < a->noperands; i++) {
		if (sender_check_argument("a recipient", a->operands[i], e) ==
		    -1)
			return -1;
		if (recipients_add(&s->rcpts, a->operands[i], e) == -1)
			return -1;
	}
	return a->from_header ? 0 : recipients_check(&s->rcpts, e);
}

static int
judge_header(struct send *s, struct err *e)
{
	const struct completed *found;
	size_t i;

	if (compose_header(s->compose, &found, e) == -1)
		return -1;
	s->env.from = envelope_text(found->from);
	s->env.message_id = envelope_text(found->message_id);
	if (!s->args->from_header)
		return 0;
	for (i = 0; i < found->recipients.n; i++)
		if (recipients_add(&s->rcpts, found->recipients.v[i], e) == -1)
			return -1;
	return recipients_check(&s->rcpts, e);
}

static int
try_send(struct send *s, struct err *e)
{
	struct source source;
	struct route to = site_route(&s->site);
	struct handed handed;

	if (stamp(s, e) == -1 || judge_arguments(s, e) == -1)
		return -1;
	input_init(&s->input, STDIN_FILENO, clock_mono_ms() + SUBMIT_WRITER_MS);
	s->input.octets_max = 2 * s->site.conf->queue.message_size_max;
	source = input_source(&s->input);
	s->compose = compose_new(&source,
	    s->args->dot_is_text ? CANON_DOT_IS_TEXT : CANON_DOT_ENDS,
	    &s->with);
	if (judge_header(s, e) == -1)
		return -1;
	source = compose_source(s->compose);
	s->parcel = parcel_new(&s->stamp.head, &s->env, &source,
	    SIZE_LIMIT_QUEUE(s->site.conf->queue.message_size_max));
	if (parcel_fill(s->parcel, e) == -1)
		return -1;
	s->env.body = parcel_body(s->parcel, s->args->body);
	if (handover(&to, s->parcel, &handed, e) == -1)
		return -1;
	report_handed(&s->report, &to, &handed);
	return 0;
}

/* -N may say that the sender wants no mail about failures. */
static bool
wants_notice(const struct args *a)
{
	return a->notify == 0 || (a->notify & NOTIFY_FAILURE) != 0;
}

static int
send_notice(struct send *s, const char *why)
{
	struct notice n = {
		.env = &s->env,
		.bad = &s->rcpts.bad,
		.why = why,
		.domain = s->site.conf->local.domain,
		.hostname = s->site.conf->local.hostname,
		.date = s->stamp.date,
	};
	struct route to = site_route(&s->site);

	if (!wants_notice(s->args))
		return -1;
	return notice_send(&n, &to, &s->report);
}

static void
tell_loss(const struct send *s, bool is_mailed, char *text)
{
	if (is_mailed)
		report_note(&s->report, LOG_ERR, "%s", text);
	else
		report_error(&s->report, "%s", text);
	free(text);
}

/*
 * The message is safe, but not for these recipients.  Many a caller takes a
 * word on stderr for a failure, and sends again; it is the last resort.
 */
static void
tell_bad(struct send *s)
{
	const struct strlist *bad = &s->rcpts.bad;
	bool is_mailed;
	size_t i;

	if (bad->n == 0)
		return;
	is_mailed = send_notice(s, NULL) == 0;
	for (i = 0; i < bad->n && i < BAD_SHOWN; i++)
		tell_loss(s, is_mailed, xasprintf("not sent to %s", bad->v[i]));
	if (i < bad->n)
		tell_loss(s, is_mailed,
		    xasprintf("not sent to %zu more recipients, whose "
			      "addresses are malformed",
			bad->n - i));
}

/* After the message is safe: what was left out of it. */
static void
tell_losses(struct send *s)
{
	struct compose_losses l = compose_losses(s->compose);

	tell_bad(s);
	if (l.dot_ended)
		l.after_dot += input_drain(&s->input, l.after_dot > 0);
	if (l.after_dot > 0)
		report_note(&s->report, LOG_NOTICE,
		    "%llu octets after a line of a single dot were left out "
		    "of %s; call sendmail with -i to keep them",
		    (unsigned long long)l.after_dot, s->stamp.message_id);
	if (l.nuls > 0)
		report_note(&s->report, LOG_NOTICE,
		    "%llu NUL octets were left out of %s",
		    (unsigned long long)l.nuls, s->stamp.message_id);
	if (s->input.taken == 0)
		report_note(&s->report, LOG_NOTICE, "the message %s was empty",
		    s->stamp.message_id);
}

/* The message was not queued: -oe says who is to know, and -N may forbid it. */
static int
fail(struct send *s, const struct err *e)
{
	int status = sysexit_of(e);

	report_error(&s->report, "%s", e->text);
	switch (s->args->errors) {
	case ERROR_PRINT:
	case ERROR_QUIET:
		break;
	case ERROR_MAIL:
		(void)send_notice(s, e->text);
		break;
	case ERROR_EXIT:
		if (send_notice(s, e->text) == 0)
			status = EX_OK;
		break;
	}
	return status;
}

int
send_message(const struct args *a)
{
	struct send s;
	struct err e;
	int status = EX_OK;

	memset(&s, 0, sizeof(s));
	s.args = a;
	report_init(&s.report, a->tag, a->errors == ERROR_QUIET);
	s.report.is_verbose = a->is_verbose;
	report_remarks(&s.report, LOG_NOTICE, &a->remarks);
	site_open(&s.site, a->conf_path);
	report_remarks(&s.report, LOG_WARNING, &s.site.remarks);
	identity_init(&s.caller);
	envelope_init(&s.env);
	s.env.ret = a->ret;
	s.env.envid = envelope_text(a->envid);
	recipients_init(&s.rcpts, &s.env, a->notify);
	if (a->no_aliases)
		s.rcpts.final = &s.site.conf->local.names;
	err_clear(&e);

	if (try_send(&s, &e) == -1)
		status = fail(&s, &e);
	else
		tell_losses(&s);

	parcel_free(s.parcel);
	compose_free(s.compose);
	recipients_clear(&s.rcpts);
	envelope_clear(&s.env);
	identity_clear(&s.caller);
	stamp_clear(&s.stamp);
	site_close(&s.site);
	return status;
}
