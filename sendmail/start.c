/* SPDX-License-Identifier: ISC */
/* Starting the daemon by sendmail's old options. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "common/site.h"
#include "sendmail/report.h"
#include "sendmail/start.h"

/* Returns only when it fails. */
static void
become_daemon(const struct args *a)
{
	const char *argv[6];
	size_t n = 0;

	argv[n++] = "mailchuted";
	if (a->daemon == DAEMON_FOREGROUND)
		argv[n++] = "-f";
	if (a->conf_path != NULL) {
		argv[n++] = "--no-commands";
		argv[n++] = "-C";
		argv[n++] = a->conf_path;
	}
	argv[n] = NULL;
	/* execv changes nothing of it; its type is older than const. */
	execv(CTL_MAILCHUTED, (char *const *)(uintptr_t)argv);
}

static int
refuse(const struct args *a, const struct report *r)
{
	if (a->daemon == DAEMON_INTERVAL) {
		/* Old start scripts; mailchuted keeps its own schedule. */
		report_note(r, LOG_NOTICE,
		    "-q with an interval does nothing for this user; "
		    "mailchuted keeps the queue's schedule");
		return EX_OK;
	}
	report_error(r, "only root or the user of the queue starts "
			"mailchuted; see mailchuted(8)");
	return EX_USAGE;
}

static bool
is_running(const struct site *s)
{
	int fd = ctl_link_connect(s->conf->queue.socket_directory, NULL);

	if (fd != -1)
		close(fd);
	return fd != -1;
}

int
start_daemon(const struct args *a)
{
	struct report report;
	struct site site;
	int status = EX_OK;

	report_init(&report, a->tag, false);
	site_open(&site, a->conf_path);
	report_remarks(&report, LOG_WARNING, &site.remarks);
	if (!site_is_operator(&site)) {
		status = refuse(a, &report);
	} else if (!is_running(&site)) {
		if (site.is_trusted)
			become_daemon(a);
		report_error(&report, "cannot start %s: %s", CTL_MAILCHUTED,
		    site.is_trusted ? strerror(errno)
				    : "the file of -C belongs to somebody "
				      "else, or others may write it");
		status = EX_UNAVAILABLE;
	}
	site_close(&site);
	return status;
}
