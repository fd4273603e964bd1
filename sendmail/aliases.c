/* SPDX-License-Identifier: ISC */
/* What is left of newaliases. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "sendmail/aliases.h"
#include "sendmail/site.h"

int
aliases_check(const struct args *a)
{
	struct report report;
	struct site site;
	int fd;

	report_init(&report, a->tag, false);
	site_open(&site, a, &report);
	fd = open(site.conf->local.aliases, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd != -1)
		close(fd);
	else if (errno != ENOENT)
		report_error(&report,
		    "%s cannot be read: %s; mail to local names goes to "
		    "local.admin",
		    site.conf->local.aliases, strerror(errno));
	site_close(&site);
	return EX_OK;
}
