/* SPDX-License-Identifier: ISC */
/* sendmail -bs: another program, so that cron's sendmail does not carry it. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "sendmail/report.h"
#include "sendmail/smtp.h"

#define SMTPD PATH_LIBEXEC "/smtpd"

/* Returns only when it fails. */
static void
become_smtpd(const struct args *a, const struct report *r)
{
	const char *argv[6];
	size_t n = 0;

	argv[n++] = "smtpd";
	argv[n++] = "-L";
	argv[n++] = r->ident;
	if (a->conf_path != NULL) {
		argv[n++] = "-C";
		argv[n++] = a->conf_path;
	}
	argv[n] = NULL;
	/* execv changes nothing of it; its type is older than const. */
	execv(SMTPD, (char *const *)(uintptr_t)argv);
}

int
smtp_speak(const struct args *a)
{
	struct report report;
	const char *why;

	report_init(&report, a->tag, a->errors == ERROR_QUIET);
	report_remarks(&report, LOG_NOTICE, &a->remarks);
	become_smtpd(a, &report);
	why = strerror(errno);
	/* Whoever speaks SMTP reads its replies alone. */
	printf("421 4.3.0 cannot start %s: %s\r\n", SMTPD, why);
	report_error(&report, "cannot start %s: %s", SMTPD, why);
	return EX_TEMPFAIL;
}
