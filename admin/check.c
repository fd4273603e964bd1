/* SPDX-License-Identifier: ISC */
/* The doctor's lines, and the configuration, without which there is no more. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/check.h"
#include "admin/json.h"
#include "admin/run.h"
#include "admin/text.h"
#include "common/xalloc.h"

#define TEXT_MAX 2048

static const struct {
	const char *name;
	int status; /* as monitoring plugins exit */
} levels[CHECK_LEVELS] = {
	[CHECK_OK] = { "ok", 0 },
	[CHECK_UNKNOWN] = { "unknown", 3 },
	[CHECK_WARN] = { "warn", 1 },
	[CHECK_FAIL] = { "fail", 2 },
};

void
check_say(struct check *k, enum check_level level, const char *what,
    const char *next, const char *fmt, ...)
{
	char text[TEXT_MAX];
	json_t *o;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	k->seen[level]++;
	if (k->json) {
		o = json_object();
		json_object_set_new(o, "check", json_text(what));
		json_object_set_new(o, "level", json_text(levels[level].name));
		json_object_set_new(o, "text", json_text(text));
		json_object_set_new(o, "next", json_text(next));
		json_put_line(k->out, o);
		return;
	}
	fprintf(k->out, "%-8s", levels[level].name);
	text_put(k->out, what);
	fputs(": ", k->out);
	text_put(k->out, text);
	fputc('\n', k->out);
	if (next == NULL || *next == '\0')
		return;
	fprintf(k->out, "%-8sdo: ", "");
	text_put(k->out, next);
	fputc('\n', k->out);
}

void
check_reply(uint64_t code, const char *status, const char *text,
    char front[CHECK_FRONT])
{
	bool has_status = status == NULL || *status == '\0' ||
			  (text != NULL && strstr(text, status) != NULL);

	front[0] = '\0';
	if (code > 0)
		snprintf(front, CHECK_FRONT, "%u %s%s", (unsigned)(code % 1000),
		    has_status ? "" : status, has_status ? "" : " ");
}

int
check_status(const struct check *k)
{
	size_t i;

	for (i = CHECK_LEVELS; i-- > 0;)
		if (k->seen[i] > 0)
			return levels[i].status;
	return 0;
}

/* ---- the configuration ---- */

static void
check_conf(struct check *k)
{
	const struct args *a = k->args;
	const char *path = a->conf_path == NULL ? PATH_CONF : a->conf_path;
	const struct conf_problems *p = a->problems;
	bool is_absent = access(path, F_OK) == -1 && errno == ENOENT;
	size_t i;

	if (k->conf == NULL && access(path, R_OK) == -1 && errno == EACCES) {
		check_say(k, CHECK_UNKNOWN, "configuration",
		    "run it as root, or as queue.user",
		    "%s may not be read by you", path);
		return;
	}
	for (i = 0; i < p->errors.n; i++)
		check_say(k, CHECK_FAIL, "configuration",
		    is_absent ? "mailchute setup"
			      : "mend the line, then: mailchute check",
		    "%s", p->errors.v[i]);
	for (i = 0; i < p->warnings.n; i++)
		check_say(k, CHECK_WARN, "configuration",
		    "mailchute config shows the options in force", "%s",
		    p->warnings.v[i]);
	if (p->errors.n + p->warnings.n == 0)
		check_say(
		    k, CHECK_OK, "configuration", NULL, "%s is right", path);
}

/*
 * Whose the files should be: of a daemon that runs, its socket tells; one that
 * root starts becomes queue.user, and anybody else's stays his.
 */
static void
find_owner(struct check *k)
{
	const char *user = k->conf->queue.user;
	char *path = xasprintf("%s/control", k->conf->queue.socket_directory);
	char *make;
	const struct passwd *pw;
	struct stat st;

	k->uid = geteuid();
	k->gid = getegid();
	if (geteuid() == 0 && (pw = getpwnam(user)) != NULL) {
		k->uid = pw->pw_uid;
		k->gid = pw->pw_gid;
	} else if (geteuid() == 0) {
		make = xasprintf("useradd --system --user-group --shell "
				 "/usr/sbin/nologin %s",
		    user);
		check_say(k, CHECK_FAIL, "queue.user", make,
		    "there is no user %s", user);
		free(make);
	} else if (stat(path, &st) == 0) {
		k->uid = st.st_uid;
		k->gid = st.st_gid;
	}
	free(path);
}

static void
print_end(const struct check *k)
{
	if (k->json)
		return;
	fprintf(k->out, "\n%zu ok, %zu warnings, %zu failures",
	    k->seen[CHECK_OK], k->seen[CHECK_WARN], k->seen[CHECK_FAIL]);
	if (k->seen[CHECK_UNKNOWN] > 0)
		fprintf(k->out, ", %zu not to be seen by you",
		    k->seen[CHECK_UNKNOWN]);
	fputc('\n', k->out);
}

int
run_check(const struct args *a, const struct conf *c)
{
	struct check k = {
		.args = a, .conf = c, .out = stdout, .json = a->json
	};

	check_conf(&k);
	if (c != NULL) {
		find_owner(&k);
		check_files(&k);
		/* First, so that what follows tells what came of it. */
		check_server(&k);
		check_daemon(&k);
		check_listeners(&k);
	}
	check_clock(&k);
	check_mailers(&k);
	if (a->send != NULL)
		check_send(&k);
	print_end(&k);
	report_clear(&k.asked);
	return check_status(&k);
}
