/* SPDX-License-Identifier: ISC */
/*
 * The doctor looks at the files that an account signs in with: are they there,
 * and who else could read or change them?  It never reads one.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/check.h"
#include "admin/text.h"
#include "common/clock.h"
#include "common/secret_rule.h"
#include "common/token_file.h"
#include "common/xalloc.h"

#define TOKEN_OLD_S (2 * 3600) /* an access token lives an hour or so */

/* The text of the rule ends in what mends it. */
static void
say_with_fix(struct check *k, const char *what, const struct err *e)
{
	const char *fix = strstr(e->text, ": chown ");

	if (fix == NULL)
		fix = strstr(e->text, ": chmod ");
	if (fix == NULL)
		check_say(k, CHECK_FAIL, what, "put a file of yours there",
		    "%s", e->text);
	else
		check_say(k, CHECK_FAIL, what, fix + 2, "%.*s",
		    (int)(fix - e->text), e->text);
}

static bool
is_platforms(const struct secret_file *f)
{
	return strcmp(f->option, "federated_token_file") == 0;
}

/* What brings it there. */
static char *
how_to_write(
    const struct check *k, const struct secret_file *f, const char *path)
{
	if (is_platforms(f))
		return xstrdup("see to it that the platform keeps its token "
			       "there (in Kubernetes: a projected volume, or "
			       "the workload identity's label on the pod)");
	return xasprintf(
	    "write the %s to it, then: chown %lu %s && chmod %s %s",
	    f->is_public ? "certificate" : "secret", (unsigned long)k->uid,
	    path, f->is_public ? "0644" : "0600", path);
}

static void
say_missing(struct check *k, const char *what, const char *section,
    const struct secret_file *f, const char *path)
{
	bool is_bare = f->name[0] != '/';
	char *next;

	if (errno == EACCES) {
		check_say(k, CHECK_UNKNOWN, what, "run it as root",
		    "%s may not be looked at by you", path);
		return;
	}
	next = how_to_write(k, f, path);
	/* The service may get it from elsewhere, and we do not see it. */
	check_say(k, is_bare ? CHECK_WARN : CHECK_FAIL, what, next,
	    "%s (%s.%s): %s%s", path, section, f->option, strerror(errno),
	    is_bare ? "; that is right only where the service is given it "
		      "(LoadCredential=)"
		    : "");
	free(next);
}

static void
look_into(struct check *k, const char *what, const char *section,
    const struct secret_file *f, const char *path, const struct stat *st)
{
	int64_t age = clock_wall() - (int64_t)st->st_mtim.tv_sec;
	bool is_token = strcmp(f->option, "token_file") == 0;
	struct err e;
	int rc = f->is_public ? secret_judge_public(st, path, k->uid, &e)
			      : secret_judge(st, path, k->uid, k->gid, &e);

	if (rc == -1) {
		say_with_fix(k, what, &e);
	} else if (st->st_size == 0) {
		check_say(k, CHECK_FAIL, what,
		    is_platforms(f) ? "see to what the platform writes there"
		    : f->is_public  ? "write the certificate to it"
				    : "write the secret to it",
		    "%s (%s.%s) is empty", path, section, f->option);
	} else if (is_platforms(f) && (st->st_mode & S_IRWXO) != 0) {
		check_say(k, CHECK_WARN, what,
		    "in Kubernetes: set securityContext.fsGroup of the pod, or "
		    "one runAsUser for all of it",
		    "%s (account.%s) can be read by every user here (mode "
		    "%04o), and whoever has it signs in as the application; "
		    "it is used all the same, since its mode is the platform's",
		    path, f->option, (unsigned)(st->st_mode & 07777));
	} else if (is_token && age > TOKEN_OLD_S) {
		check_say(k, CHECK_WARN, what,
		    "see to the program that keeps account.token_file fresh",
		    "%s was not renewed for %lld minutes; access tokens live "
		    "about an hour",
		    path, (long long)age / 60);
	} else {
		check_say(k, CHECK_OK, what, NULL,
		    f->is_public ? "%s is there, and nobody else may change it"
				 : "%s is there, and nobody else may read it",
		    path);
	}
}

void
check_secret_file(struct check *k, const char *what, const char *section,
    const struct secret_file *f)
{
	char *path = secret_path(k->conf, f->name);
	struct stat st;

	if (stat(path, &st) == -1)
		say_missing(k, what, section, f, path);
	else
		look_into(k, what, section, f, path, &st);
	free(path);
}

static void
check_command(struct check *k, const char *what, const struct strlist *argv)
{
	if (access(argv->v[0], X_OK) == 0)
		check_say(k, CHECK_OK, what, NULL, "%s can be run", argv->v[0]);
	else
		check_say(k, CHECK_FAIL, what,
		    "correct account.password_command", "%s: %s", argv->v[0],
		    strerror(errno));
}

/* ---- the refresh token, which only the program token writes ---- */

static void
say_unsafe(struct check *k, const char *what, const char *path, mode_t mode,
    const struct stat *st)
{
	char *next = xasprintf("chown %lu:%lu %s && chmod %04o %s",
	    (unsigned long)k->uid, (unsigned long)k->gid, path, (unsigned)mode,
	    path);

	check_say(k, CHECK_FAIL, what, next,
	    "%s is to be queue.user's alone (uid %lu, mode %04o)", path,
	    (unsigned long)st->st_uid, (unsigned)(st->st_mode & 07777));
	free(next);
}

static bool
is_theirs_alone(const struct check *k, const struct stat *st)
{
	return st->st_uid == k->uid && (st->st_mode & 077) == 0;
}

static void
check_refresh(struct check *k, const char *what, const struct conf_account *a)
{
	char name[TOKEN_FILE_MAX], *folder, *path;
	struct stat st;

	if (token_file_name(a->name, name) == -1)
		return; /* the configuration says so */
	folder = xasprintf("%s/%s", k->conf->queue.directory, TOKEN_FOLDER);
	path = xasprintf("%s/%s", folder, name);
	if (stat(folder, &st) == 0 && !is_theirs_alone(k, &st))
		say_unsafe(k, what, folder, 0700, &st);
	if (stat(path, &st) == 0 && is_theirs_alone(k, &st))
		check_say(k, CHECK_OK, what, NULL,
		    "%s is there, and nobody else may read it", path);
	else if (stat(path, &st) == 0)
		say_unsafe(k, what, path, 0600, &st);
	else if (errno == EACCES)
		check_say(k, CHECK_UNKNOWN, what, "run it as root",
		    "%s may not be looked at by you", path);
	else
		check_say(k, CHECK_FAIL, what, "mailchute setup",
		    "%s: %s; nobody has signed in as %s yet", path,
		    strerror(errno), a->user == NULL ? "?" : a->user);
	free(folder);
	free(path);
}

void
check_secret(struct check *k, const struct conf_account *a)
{
	char *what = xasprintf("secret of account %s", text_account(a->name));
	struct secret_file files[SECRET_FILES_MAX];
	size_t i, n = secret_files(a, files);
	struct stat st;

	for (i = 0; i < n; i++)
		check_secret_file(k, what, "account", &files[i]);
	if (n == 0 && a->auth != AUTH_NONE && a->password_command.n > 0)
		check_command(k, what, &a->password_command);
	if (conf_asks_tokens(a) && a->grant == GRANT_REFRESH_TOKEN)
		check_refresh(k, what, a);
	if (a->tls_ca_file != NULL && stat(a->tls_ca_file, &st) == -1)
		check_say(k, errno == EACCES ? CHECK_UNKNOWN : CHECK_FAIL,
		    "account.tls_ca_file", "correct account.tls_ca_file",
		    "%s: %s", a->tls_ca_file, strerror(errno));
	free(what);
}
