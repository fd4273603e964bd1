/* SPDX-License-Identifier: ISC */
/* mailchute passwd: who may sign in at a listener, and with what. */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin/passwd.h"
#include "admin/run.h"
#include "admin/text.h"
#include "common/passhash.h"
#include "common/secret_rule.h"
#include "common/users.h"
#include "common/xalloc.h"

#define TYPED_MAX 4096

static int
give_up(int status, const char *text)
{
	complain(text);
	return status;
}

static int
status_of(const struct err *e)
{
	if (errno == EACCES || errno == EPERM)
		return EX_NOPERM;
	return e->class == ERR_TEMP ? EX_TEMPFAIL : EX_CONFIG;
}

/* ---- which file ---- */

/* That of the listener, or of the only file that listeners name. */
static const char *
name_of(const struct args *a, const struct conf *c, struct err *e)
{
	const struct conf_listen *l;
	const char *name = NULL;
	size_t i;

	for (i = 0; i < c->nlisteners; i++) {
		l = &c->listeners[i];
		if ((a->listener != NULL &&
			strcmp(a->listener, l->name) != 0) ||
		    l->users_file == NULL)
			continue;
		if (name != NULL && strcmp(name, l->users_file) != 0) {
			err_set(e, ERR_LOCAL, "5.5.4",
			    "listeners have several users' files; say whose: "
			    "--listener %s",
			    l->name);
			return NULL;
		}
		name = l->users_file;
	}
	if (name == NULL && a->listener != NULL)
		err_set(e, ERR_LOCAL, "5.3.5",
		    "there is no [listen %s] with a users_file", a->listener);
	else if (name == NULL)
		err_set(e, ERR_LOCAL, "5.3.5",
		    "no listener has a users_file; set auth and users_file in "
		    "[listen NAME], or name one by --file");
	return name;
}

/* Allocated; NULL with *e filled. */
static char *
path_of(const struct args *a, const struct conf *c, struct err *e)
{
	const char *name;

	if (a->file != NULL)
		return xstrdup(a->file);
	if (c == NULL) {
		err_set(e, ERR_LOCAL, "5.3.5",
		    "the configuration has errors: %s",
		    a->problems == NULL || a->problems->errors.n == 0
			? "it cannot be read"
			: a->problems->errors.v[0]);
		return NULL;
	}
	name = name_of(a, c, e);
	return name == NULL ? NULL : secret_path(c, name);
}

/* ---- who reads it ---- */

struct reader {
	uid_t uid;
	gid_t gid;
};

static struct reader
reader_of(const struct conf *c)
{
	const struct passwd *pw =
	    getpwnam(c == NULL ? DEFAULT_USER : c->queue.user);

	if (geteuid() == 0 && pw != NULL)
		return (struct reader){ pw->pw_uid, pw->pw_gid };
	return (struct reader){ geteuid(), getegid() };
}

/* mailchuted would say it when somebody signs in, and then only to the log. */
static void
warn_of_rights(const struct passwd_file *f, const struct reader *r)
{
	struct err e;

	if (secret_judge(&f->st, f->path, r->uid, r->gid, &e) == -1)
		complain(e.text);
}

/* ---- what is done ---- */

/* Its text, as it is or is to be: one that would not be taken shuts out all. */
static int
judge(const struct passwd_file *f, const struct buf *text, struct users *u,
    struct err *e)
{
	unsigned line;
	struct err why;

	if (users_parse(u, buf_data(text), text->len, &line, &why) == 0)
		return 0;
	return err_set(
	    e, ERR_LOCAL, "5.3.5", "%s:%u: %s", f->path, line, why.text);
}

static void
list(const struct users *u)
{
	char *text;
	size_t i;

	for (i = 0; i < u->n; i++) {
		text = xasprintf("%.*s%s%.*s", (int)u->v[i].login.n,
		    u->v[i].login.p, u->v[i].senders.p == NULL ? "" : ": ",
		    (int)u->v[i].senders.n,
		    u->v[i].senders.p == NULL ? "" : u->v[i].senders.p);
		text_put(stdout, text);
		putchar('\n');
		free(text);
	}
}

static int
change(const struct passwd_file *f, const char *login, const char *hash,
    struct err *e)
{
	struct users u = { NULL, 0 };
	bool was_there;
	struct buf b;
	int rc = -1;

	buf_init(&b, 2 * USERS_FILE_MAX);
	was_there =
	    passwd_edit(&b, buf_data(&f->text), f->text.len, login, hash);
	if (hash == NULL && !was_there)
		rc = 1;
	else if (b.len > USERS_FILE_MAX)
		err_set(
		    e, ERR_LOCAL, "5.3.5", "%s would be too large", f->path);
	else if (judge(f, &b, &u, e) == 0)
		rc = passwd_write(f, &b, e);
	if (rc == 0)
		printf("%s: the login is %s\n", f->path,
		    hash == NULL ? "taken out"
		    : was_there  ? "changed"
				 : "added");
	users_clear(&u);
	buf_wipe(&b);
	return rc;
}

/* With the file open, and hash for a login that is set. */
static int
work(const struct args *a, const char *path, const char *hash,
    const struct reader *r)
{
	struct users u = { NULL, 0 };
	struct passwd_file f;
	struct err e;
	int rc;

	errno = 0;
	if (passwd_open(&f, path, hash != NULL, r->gid, &e) == -1)
		return give_up(status_of(&e), e.text);
	rc = judge(&f, &f.text, &u, &e);
	if (rc == 0 && a->list)
		list(&u);
	else if (rc == 0)
		rc = change(&f, a->word, hash, &e);
	if (rc == 0)
		warn_of_rights(&f, r);
	users_clear(&u);
	passwd_close(&f);
	if (rc == 1)
		return give_up(EX_NOINPUT, "there is no such login");
	return rc == 0 ? EX_OK : give_up(status_of(&e), e.text);
}

/* Asked before the file is locked: people take their time. */
static int
set(const struct args *a, const char *path, const struct reader *r)
{
	char hash[PASSHASH_MAX];
	struct buf password;
	struct err e;
	int rc;

	buf_init(&password, TYPED_MAX);
	rc = passwd_ask(a->word, &password, &e);
	if (rc == 0)
		rc = passhash_make(buf_data(&password), hash, &e);
	buf_wipe(&password);
	if (rc == 1)
		return EX_TEMPFAIL;
	if (rc == -1)
		return give_up(
		    e.class == ERR_PERM ? EX_USAGE : EX_CONFIG, e.text);
	rc = work(a, path, hash, r);
	explicit_bzero(hash, sizeof(hash));
	return rc;
}

int
run_passwd(const struct args *a, const struct conf *c)
{
	struct reader r = reader_of(c);
	struct err e;
	char *path;
	int status;

	if (a->word != NULL && !users_is_login(a->word, strlen(a->word)))
		return give_up(EX_USAGE,
		    "a login has up to 255 octets of UTF-8, no colon, no "
		    "control characters, no blank at an end, and no # or ; "
		    "at its beginning");
	if ((path = path_of(a, c, &e)) == NULL)
		return give_up(
		    strcmp(e.status, "5.5.4") == 0 ? EX_USAGE : EX_CONFIG,
		    e.text);
	status =
	    a->list || a->erase ? work(a, path, NULL, &r) : set(a, path, &r);
	free(path);
	return status;
}
