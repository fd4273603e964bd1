/* SPDX-License-Identifier: ISC */
/* The two questions that the front end asks of the queue. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/xalloc.h"
#include "sendmail/ask.h"
#include "sendmail/mailq.h"
#include "sendmail/site.h"

/*
 * One question with all that it takes; the exit status.  What cannot be asked
 * is 69, as a monitoring program must not take silence for an empty queue.
 */
static int
ask(const struct args *a, const struct ctl_request *request,
    enum control_start start, control_row *row, void *arg)
{
	struct control_place where;
	struct control c;
	struct report report;
	struct site site;
	struct err e;
	int status = EX_UNAVAILABLE, ended;
	bool is_answered = false, is_run;

	report_init(&report, a->tag, false);
	site_open(&site, a, &report);
	where = site_control(&site);
	err_clear(&e);
	if (control_open(&c, &where, start, &e) == 0) {
		/* A queue run that we started is the whole answer. */
		is_run = start == CONTROL_START_ONCE && c.child != -1;
		is_answered = !is_run && control_ask(&c, request, row, arg,
					     &status, &e) == 0;
		ended = control_close(&c);
		/* Whatever was started knows best why it could not answer. */
		if (!is_answered)
			status =
			    ended == EX_OK && !is_run ? EX_UNAVAILABLE : ended;
		if (is_run && ended != EX_OK)
			err_set(&e, ERR_TEMP, "4.3.0",
			    "the queue run ended with status %d", ended);
	}
	if (status != EX_OK)
		report_error(&report, "%s%s",
		    is_answered ? "" : "the queue cannot be asked: ", e.text);
	site_close(&site);
	return status;
}

/* ---- mailq ---- */

static int
list_row(void *arg, const struct frame *f, struct err *e)
{
	struct mailq *q = arg;
	union {
		struct ctl_account account;
		struct ctl_message message;
		struct ctl_recipient rcpt;
		struct ctl_totals totals;
	} row;

	memset(&row, 0, sizeof(row));
	switch (f->type) {
	case CTL_ACCOUNT:
		if (ctl_get_account(f, &row.account, e) == -1)
			return -1;
		mailq_account(q, &row.account);
		ctl_account_clear(&row.account);
		return 0;
	case CTL_MESSAGE:
		if (ctl_get_message(f, &row.message, e) == -1)
			return -1;
		mailq_message(q, &row.message);
		ctl_message_clear(&row.message);
		return 0;
	case CTL_RECIPIENT:
		if (ctl_get_recipient(f, &row.rcpt, e) == -1)
			return -1;
		mailq_recipient(q, &row.rcpt);
		ctl_recipient_clear(&row.rcpt);
		return 0;
	case CTL_TOTALS:
		if (ctl_get_totals(f, &row.totals, e) == -1)
			return -1;
		mailq_totals(q, &row.totals);
		ctl_totals_clear(&row.totals);
		return 0;
	default:
		return 0; /* a newer daemon may say more */
	}
}

int
ask_list(const struct args *a)
{
	struct mailq *q = mailq_new(stdout);
	struct ctl_request request;
	int status;

	memset(&request, 0, sizeof(request));
	request.verb = CTL_LIST;
	request.all = true;
	status = ask(a, &request, CONTROL_START_ANSWER, list_row, q);
	if (status == EX_OK)
		mailq_end(q);
	/* A listing that did not arrive must not look like a short one. */
	if (fflush(stdout) == EOF && status == EX_OK)
		status = EX_IOERR;
	mailq_free(q);
	return status;
}

/* ---- sendmail -q ---- */

static int
flush_row(void *arg, const struct frame *f, struct err *e)
{
	/* What was done is said to nobody: cron runs "sendmail -q". */
	(void)arg;
	(void)f;
	(void)e;
	return 0;
}

static char *
copy(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

int
ask_flush(const struct args *a)
{
	struct ctl_request request;
	int status;

	memset(&request, 0, sizeof(request));
	request.verb = CTL_FLUSH;
	request.match_id = copy(a->match_id);
	request.match_rcpt = copy(a->match_rcpt);
	request.match_sender = copy(a->match_sender);
	request.all = a->match_id == NULL && a->match_rcpt == NULL &&
		      a->match_sender == NULL;
	status = ask(a, &request, CONTROL_START_ONCE, flush_row, NULL);
	ctl_request_clear(&request);
	return status;
}
