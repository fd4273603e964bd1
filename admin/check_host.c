/* SPDX-License-Identifier: ISC */
/* The doctor looks at what else is on the host: its clock, and other mailers.
 */
#include "config.h"

#include <sys/stat.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/timex.h>
#endif

#include "admin/check.h"
#include "common/clock.h"
#include "common/xalloc.h"

/* No certificate of today was good before. */
#define CLOCK_FLOOR INT64_C(1735689600) /* 2025-01-01 */

static void
check_clock(struct check *k)
{
	if (clock_wall() < CLOCK_FLOOR) {
		check_say(k, CHECK_FAIL, "clock",
		    "date -s, or: timedatectl "
		    "set-ntp true",
		    "it is far behind, so that no certificate is good yet");
		return;
	}
#ifdef __linux__
	struct timex t = { .modes = 0 };

	if (adjtimex(&t) != -1 && (t.status & STA_UNSYNC) != 0) {
		check_say(k, CHECK_WARN, "clock", "timedatectl set-ntp true",
		    "nothing keeps it right (NTP); certificates and tokens "
		    "are judged by it");
		return;
	}
#endif
	check_say(k, CHECK_OK, "clock", NULL, "it is kept right");
}

/* ---- other mailers ---- */

/* Whose sendmail it is, by a program that comes with it. */
static const struct mailer {
	const char *name;
	const char *program; /* below the root */
} mailers[] = {
	{ "Postfix", "/usr/sbin/postfix" },
	{ "Exim", "/usr/sbin/exim4" },
	{ "Exim", "/usr/sbin/exim" },
	{ "OpenSMTPD", "/usr/sbin/smtpctl" },
	{ "Sendmail", "/usr/sbin/sendmail-mta" },
	{ "Sendmail", "/usr/sbin/sendmail.sendmail" },
	{ "dma", "/usr/sbin/dma" },
	{ "msmtp", "/usr/bin/msmtp" },
	{ "sSMTP", "/usr/sbin/ssmtp" },
	{ "nullmailer", "/usr/sbin/nullmailer-send" },
	{ "E-MailRelay", "/usr/sbin/emailrelay" },
};
#define MAILERS (sizeof(mailers) / sizeof(mailers[0]))

static bool
is_there(const char *root, const char *path, struct stat *st)
{
	char *whole = xasprintf("%s%s", root, path);
	bool found = stat(whole, st) == 0;

	free(whole);
	return found;
}

/* Their names, "Postfix, Exim"; "" where there is none. */
static void
find_mailers(const char *root, char *names, size_t size)
{
	const char *last = "";
	struct stat st;
	size_t i;

	names[0] = '\0';
	for (i = 0; i < MAILERS; i++) {
		if (strcmp(mailers[i].name, last) == 0 ||
		    !is_there(root, mailers[i].program, &st))
			continue;
		last = mailers[i].name;
		strlcat(names, names[0] == '\0' ? "" : ", ", size);
		strlcat(names, last, size);
	}
}

static void
check_name(struct check *k, const char *root, const char *name,
    const struct stat *own, const char *others)
{
	char *link = xasprintf("ln -sf " PATH_SBIN "/sendmail %s", name);
	char *next =
	    xasprintf("remove the package it belongs to, then: %s", link);
	struct stat st;

	if (!is_there(root, name, &st))
		check_say(k, CHECK_WARN, "sendmail", link,
		    "there is no %s, by which programs send mail", name);
	else if (st.st_dev == own->st_dev && st.st_ino == own->st_ino)
		check_say(
		    k, CHECK_OK, "sendmail", NULL, "%s is mailchute's", name);
	else
		check_say(k, CHECK_WARN, "sendmail", next,
		    "%s is not mailchute's but another mailer's%s%s%s: what "
		    "programs send goes there",
		    name, *others == '\0' ? "" : " (", others,
		    *others == '\0' ? "" : ")");
	free(link);
	free(next);
}

void
check_sendmail(struct check *k, const char *root, const char *ours)
{
	char others[256];
	struct stat own, st;

	if (stat(ours, &own) == -1) {
		check_say(k, CHECK_FAIL, "sendmail", "install mailchute anew",
		    "%s is not there", ours);
		return;
	}
	find_mailers(root, others, sizeof(others));
	check_name(k, root, "/usr/sbin/sendmail", &own, others);
	/* The older place, where some programs look first. */
	if (is_there(root, "/usr/lib/sendmail", &st))
		check_name(k, root, "/usr/lib/sendmail", &own, others);
	if (*others != '\0')
		check_say(k, CHECK_OK, "other mailers", NULL,
		    "also installed: %s", others);
}

void
check_host(struct check *k)
{
	check_clock(k);
	check_sendmail(k, "", PATH_SBIN "/sendmail");
}
