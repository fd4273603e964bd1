/* SPDX-License-Identifier: ISC */
/*
 * The places of this host, and how far a configuration file that somebody
 * names with -C is believed.  A web form may be made to pass -C, so such a
 * file starts a program or makes a folder only when root or the caller owns it
 * and nobody else may write it.
 */
#include "config.h"

#include <sys/stat.h>

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/site.h"
#include "common/xalloc.h"

static bool
is_trusted_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_uid == 0 || st.st_uid == getuid()) &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

void
site_open(struct site *s, const char *conf_path)
{
	struct conf_problems problems = { { NULL, 0 }, { NULL, 0 } };
	const char *path = conf_path == NULL ? PATH_CONF : conf_path;
	char *text;
	size_t i;

	memset(s, 0, sizeof(*s));
	s->conf_path = conf_path;
	s->is_trusted = conf_path == NULL || is_trusted_file(path);
	s->conf = conf_load(path, CONF_FRONT, NULL, &problems);
	for (i = 0; i < problems.errors.n; i++) {
		text = xasprintf("%s; the default is used until this is mended",
		    problems.errors.v[i]);
		strlist_add(&s->remarks, text);
		free(text);
	}
	conf_problems_clear(&problems);
	s->submit_path =
	    xasprintf("%s/submit", s->conf->queue.socket_directory);
}

void
site_close(struct site *s)
{
	conf_free(s->conf);
	free(s->submit_path);
	strlist_clear(&s->remarks);
}

struct route
site_route(const struct site *s)
{
	const struct route to = {
		.socket_path = s->submit_path,
		.drop = {
			.folder = s->conf->queue.drop_directory,
			.user = s->conf->queue.user,
			.is_foreign = s->conf_path != NULL,
			.may_make = getuid() == 0 && s->is_trusted,
			.free_min = s->conf->queue.free_space_min,
		},
	};

	return to;
}

struct ctl_place
site_control(const struct site *s, enum ctl_start start)
{
	const struct ctl_place where = {
		.directory = s->conf->queue.socket_directory,
		.start = s->is_trusted ? start : CTL_START_NOTHING,
		.program = CTL_MAILCHUTED,
		.conf_path = s->conf_path,
		.is_fenced = s->conf_path != NULL,
	};

	return where;
}

bool
site_is_operator(const struct site *s)
{
	struct passwd *pw;

	if (getuid() == 0)
		return true;
	pw = getpwnam(s->conf->queue.user);
	return pw != NULL && pw->pw_uid == getuid();
}
