/* SPDX-License-Identifier: ISC */
/* The two questions that the front end asks of the queue. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>

#include "common/clock.h"
#include "common/ctl_ask.h"
#include "common/site.h"
#include "common/xalloc.h"
#include "sendmail/ask.h"
#include "sendmail/mailq.h"
#include "sendmail/report.h"

/*
 * One question with all that it takes; the exit status.  What cannot be asked
 * fails, as a monitoring program must not take silence for an empty queue.
 */
static int
ask(const struct args *a, const struct ctl_request *request,
    enum ctl_start start, ctl_row *row, void *arg)
{
	struct ctl_question question = {
		.request = request,
		.row = row,
		.arg = arg,
		.silence_ms = CTL_SILENCE_MS,
	};
	struct ctl_answer answer;
	struct report report;
	struct site site;
	struct err e;

	report_init(&report, a->tag, false);
	report.program = a->program;
	site_open(&site, a->conf_path);
	report_remarks(&report, LOG_WARNING, &site.remarks);
	question.where = site_control(&site, start);
	if (ctl_ask(&question, &answer, &e) == -1)
		report_error(&report, "the queue cannot be asked: %s", e.text);
	else if (answer.status != EX_OK)
		report_error(&report, "%s", ctl_answer_reason(&answer));
	free(answer.text);
	site_close(&site);
	return answer.status;
}

/* ---- mailq ---- */

static int
list_row(void *arg, const struct frame *f, struct err *e)
{
	struct mailq *q = arg;
	union {
		struct ctl_message message;
		struct ctl_recipient rcpt;
		struct ctl_totals totals;
	} row;

	memset(&row, 0, sizeof(row));
	switch (f->type) {
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
	struct mailq *q = mailq_new(stdout, clock_wall());
	struct ctl_request request;
	struct report report;
	int status;

	memset(&request, 0, sizeof(request));
	request.verb = CTL_LIST;
	request.all = true;
	status = ask(a, &request, CTL_START_ANSWER, list_row, q);
	if (status == EX_OK)
		mailq_end(q);
	/* A listing that did not arrive must not look like a short one. */
	if (fflush(stdout) == EOF && status == EX_OK) {
		report_init(&report, a->tag, false);
		report.program = a->program;
		report_error(&report, "the listing cannot be written: %s",
		    strerror(errno));
		status = EX_IOERR;
	}
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
	status = ask(a, &request, CTL_START_ONCE, flush_row, NULL);
	ctl_request_clear(&request);
	return status;
}
