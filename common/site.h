/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SITE_H
#define COMMON_SITE_H

#include <stdbool.h>

#include "common/conf.h"
#include "common/ctl_link.h"
#include "common/handover.h"
#include "common/strlist.h"

/*
 * What of the configuration the front ends need.  It is read leniently: a
 * typing mistake in it must not lose cron's mail.
 */
struct site {
	struct conf *conf;
	const char *conf_path; /* -C, or NULL */
	bool is_trusted; /* a daemon may be started, and folders made, by it */
	char *submit_path;
	struct strlist remarks; /* mistakes in it, for the log */
};

/* Reads the file that -C names; NULL: the usual one. */
void site_open(struct site *s, const char *conf_path);
void site_close(struct site *s);

/* Borrowed from the site. */
struct route site_route(const struct site *s);
struct ctl_place site_control(const struct site *s, enum ctl_start start);

/* The caller is root or queue.user. */
bool site_is_operator(const struct site *s);

#endif
