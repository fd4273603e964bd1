/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_SITE_H
#define SENDMAIL_SITE_H

#include <stdbool.h>

#include "common/conf.h"
#include "common/ctl_link.h"
#include "sendmail/args.h"
#include "sendmail/handover.h"
#include "sendmail/report.h"

/*
 * What of the configuration the front end needs.  It is read leniently: a
 * typing mistake in it must not lose cron's mail.
 */
struct site {
	struct conf *conf;
	const char *conf_path; /* -C, or NULL */
	bool is_trusted; /* a daemon may be started, and folders made, by it */
	char *submit_path;
};

/* Reads the file that -C names, or the usual one; remarks go to the log. */
void site_open(struct site *s, const struct args *a, const struct report *r);
void site_close(struct site *s);

/* Borrowed from the site. */
struct route site_route(const struct site *s);
struct ctl_place site_control(const struct site *s, enum ctl_start start);

/* The caller is root or queue.user. */
bool site_is_operator(const struct site *s);

#endif
