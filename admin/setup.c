/* SPDX-License-Identifier: ISC */
/*
 * "mailchute setup" from its first word to its last.  Nothing is changed before
 * the person has said so; an end before that leaves the host as it was.
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "admin/run.h"
#include "admin/setup.h"
#include "common/xalloc.h"

#define CONF_MAX (1024 * 1024)

static const char greeting[] =
    "mailchute setup: this host's mail, out by a mailbox of yours.\n\n"
    "Enter takes the answer in brackets, ? explains a question, Ctrl-C ends "
    "it and\nleaves all as it was. Nothing is written before you are asked.\n"
    "\n";

/* ---- what it begins with --------------------------------------------------
 */

/*
 * A secret that is typed lies in memory, and in no core.  As
 * sandbox_hide_memory, which would bring libseccomp along.
 */
static void
keep_memory_private(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

static bool
may_write(const struct setup *s)
{
	if (geteuid() == 0)
		return true;
	return access(s->folder, W_OK) == 0 &&
	       (access(s->conf_path, W_OK) == 0 || errno == ENOENT);
}

/* The file as it is; an absent one is empty. */
static int
read_conf(struct setup *s, struct err *e)
{
	int fd = open(s->conf_path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct buf b;
	ssize_t n = 0;
	void *to;

	s->is_new = fd == -1 && errno == ENOENT;
	if (fd == -1 && !s->is_new)
		return err_errno(e, ERR_LOCAL, "5.3.5", "%s", s->conf_path);
	buf_init(&b, CONF_MAX);
	while (fd != -1 && (to = buf_reserve(&b, 4096)) != NULL &&
	       (n = read(fd, to, 4096)) > 0)
		buf_grew(&b, (size_t)n);
	if (fd != -1)
		close(fd);
	if (n != 0) {
		buf_clear(&b);
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "%s cannot be read, or is too large", s->conf_path);
	}
	s->text = conf_edit_new(buf_data(&b), b.len);
	s->before = conf_edit_new(buf_data(&b), b.len);
	buf_clear(&b);
	return 0;
}

/* Whom mailchuted becomes. */
static int
find_user(struct setup *s, struct err *e)
{
	const struct passwd *pw;

	s->uid = geteuid();
	s->gid = getegid();
	if (geteuid() != 0)
		return 0;
	if ((pw = getpwnam(s->user)) == NULL)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "there is no user %s: useradd --system --user-group "
		    "--shell /usr/sbin/nologin %s",
		    s->user, s->user);
	s->uid = pw->pw_uid;
	s->gid = pw->pw_gid;
	return 0;
}

/* queue.* is taken as the front ends take it, whatever else is wrong. */
static void
take_places(struct setup *s)
{
	struct conf_problems p = { { NULL, 0 }, { NULL, 0 } };
	struct conf *c = conf_load(s->conf_path, CONF_FRONT, NULL, &p);

	s->user = xstrdup(c->queue.user);
	s->queue_directory = xstrdup(c->queue.directory);
	conf_free(c);
	conf_problems_clear(&p);
}

/* c: the configuration, if it is a good one: its default is what is meant. */
static int
begin(
    struct setup *s, const struct args *a, const struct conf *c, struct err *e)
{
	const char *slash;

	s->args = a;
	s->is_print = a->print;
	s->conf_path = a->conf_path == NULL ? PATH_CONF : a->conf_path;
	slash = strrchr(s->conf_path, '/');
	s->folder = slash == NULL ? xstrdup(".")
				  : xstrndup(s->conf_path,
					(size_t)(slash - s->conf_path));
	s->account = a->account != NULL ? a->account
		     : c != NULL        ? c->accounts[c->default_account].name
					: "";
	s->section = *s->account == '\0' ? xstrdup("account")
					 : xasprintf("account %s", s->account);
	s->token.fd = -1;
	if (!s->is_print && !may_write(s))
		return err_set(e, ERR_LOCAL, "5.7.0",
		    "%s may not be written by you: run it as root, or see "
		    "what it would do: mailchute setup --print",
		    s->conf_path);
	take_places(s);
	return find_user(s, e) == -1 || read_conf(s, e) == -1 ? -1 : 0;
}

/* The configuration with answers of a way that are right in form. */
static struct conf *
pretend(struct setup *s, enum setup_way way, struct conf_problems *p)
{
	struct setup_answers a = { .provider = s->a.provider, .way = way };
	char user[] = "user@example.com", host[] = "mail.example.com";
	char id[] = "00000000-0000-0000-0000-000000000001";
	char name[] = "/password", port[] = "587", tls[] = "starttls";
	struct conf_edit *text = s->text;
	struct conf *c = NULL;
	struct buf b;

	a.user = a.admin = user;
	a.secret.name = a.federated.name = name;
	a.tenant = a.client_id = id;
	a.host = s->a.host != NULL ? s->a.host : host;
	a.port = s->a.port != NULL ? s->a.port : port;
	a.tls = s->a.tls != NULL ? s->a.tls : tls;
	buf_init(&b, CONF_MAX);
	conf_edit_put(text, &b);
	s->text = conf_edit_new(buf_data(&b), b.len);
	buf_clear(&b);
	if (setup_apply(&a, s->text, s->section) == 0)
		c = setup_load(s, p);
	conf_edit_free(s->text);
	s->text = text;
	return c;
}

/*
 * Errors that no answer will mend are told before the first question.  What
 * fits one way, such as the address of its tokens, may not fit another.
 */
static int
find_errors(struct setup *s)
{
	static const enum setup_way ways[] = { WAY_FEDERATED, WAY_MANAGED,
		WAY_PASSWORD };
	struct conf_problems p = { { NULL, 0 }, { NULL, 0 } };
	struct conf *c = NULL;
	size_t i = s->a.provider == PROVIDER_SMTP ? 2 : 0;

	for (; c == NULL && i < sizeof(ways) / sizeof(ways[0]); i++) {
		conf_problems_clear(&p);
		c = pretend(s, ways[i], &p);
	}
	for (i = 0; c == NULL && i < p.errors.n; i++)
		fprintf(stderr, "%s\n", p.errors.v[i]);
	conf_problems_clear(&p);
	if (c == NULL)
		return -1;
	conf_free(c);
	return 0;
}

static void
clear(struct setup *s)
{
	setup_stage_remove(s);
	if (s->token.fd != -1)
		close(s->token.fd);
	setup_answers_clear(&s->a);
	conf_edit_free(s->text);
	conf_edit_free(s->before);
	free(s->folder);
	free(s->section);
	free(s->user);
	free(s->queue_directory);
}

/* ---- what is written ------------------------------------------------------
 */

static void
show_option(struct setup *s, const char *section, const char *option)
{
	char *was = conf_edit_get(s->before, section, option);
	char *is = conf_edit_get(s->text, section, option);

	if (is != NULL)
		dialogue_say(&s->d, "  %s %s.%s = %s\n",
		    was != NULL && strcmp(was, is) == 0 ? " " : "+", section,
		    option, is);
	else if (was != NULL)
		dialogue_say(&s->d, "  - %s.%s = %s\n", section, option, was);
	free(was);
	free(is);
}

static void
show_file(struct setup *s, const struct setup_file *f, const char *what)
{
	if (f->name != NULL && (f->typed.len > 0 || f->staged != NULL))
		dialogue_say(&s->d, "  + %s%s%s  (%s)\n",
		    f->name[0] == '/' ? "" : s->folder,
		    f->name[0] == '/' ? "" : "/", f->name, what);
}

/* Of what it owns; the rest of the file is not even mentioned. */
static void
show(struct setup *s)
{
	static const char *const options[] = { "provider", "host", "port",
		"tls", "user", "auth", "grant", "tenant", "client_id",
		"client_secret_file", "client_secret_expires",
		"certificate_file", "key_file", "app_rbac",
		"federated_token_file", "password_file", "password_command",
		"token_file", "token_url", "scope", "assertion", "proxy",
		"legacy", "legacy_host" };
	size_t i;

	dialogue_say(&s->d, "\n%s (+ new, - no more):\n\n", s->conf_path);
	show_option(s, "local", "admin");
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		show_option(s, s->section, options[i]);
	show_file(s, &s->a.secret, "for root and queue.user alone");
	show_file(s, &s->a.certificate, "the certificate");
	show_file(s, &s->a.key, "its key, for root and queue.user alone");
	if (s->token_stage != NULL)
		dialogue_say(&s->d, "  + %s/tokens  (the sign-in)\n",
		    s->queue_directory);
	dialogue_say(&s->d, "\n");
}

static int
put_in_force(struct setup *s, enum setup_end how)
{
	char *backup = NULL;
	struct err e;

	show(s);
	if (s->is_print) {
		dialogue_say(&s->d, "Nothing was written (--print).\n");
		return EX_OK;
	}
	if (dialogue_confirm(&s->d, "Write this",
		"The file is replaced as a whole, and what was there stays "
		"beside it. All other lines of it stay as they are.",
		true) != 1)
		return EX_TEMPFAIL;
	if (setup_write(s, &backup, &e) == -1) {
		complain(e.text);
		return EX_CANTCREAT;
	}
	s->is_written = true;
	/* Now: from here on it may be ended at any time, by ^C in the test. */
	setup_stage_remove(s);
	dialogue_say(&s->d, "written: %s", s->conf_path);
	if (backup != NULL)
		dialogue_say(&s->d, "; as it was before: %s", backup);
	dialogue_say(&s->d, "\n\n");
	free(backup);
	return setup_end(s, how);
}

/* ---- the course ------------------------------------------------------------
 */

static int
ask_all(struct setup *s)
{
	enum setup_end end;

	dialogue_put(&s->d, greeting);
	if (setup_ask_mailbox(s) == -1 || setup_ask_way(s) == -1 ||
	    setup_ask_application(s) == -1 || setup_ask_credential(s) == -1)
		return EX_TEMPFAIL;
	if (setup_apply(&s->a, s->text, s->section) == -1) {
		complain("one of the answers cannot be written into the "
			 "configuration");
		return EX_DATAERR;
	}
	end = setup_prove(s);
	return end == SETUP_STOP ? EX_TEMPFAIL : put_in_force(s, end);
}

int
run_setup(const struct args *a, const struct conf *c)
{
	struct setup s = { .d = { .in = STDIN_FILENO, .out = stdout } };
	struct err e;
	int status;

	keep_memory_private();
	if (dialogue_open(&s.d, STDIN_FILENO, stdout) == -1) {
		complain("setup asks questions, and needs a terminal to do so; "
			 "through ssh: ssh -t");
		return EX_USAGE;
	}
	if (begin(&s, a, c, &e) == -1) {
		complain(e.text);
		status = strcmp(e.status, "5.7.0") == 0 ? EX_NOPERM : EX_CONFIG;
	} else {
		s.a = setup_answers_of(s.before, s.section);
		if (find_errors(&s) == -1) {
			complain("setup leaves these lines alone: mend them, "
				 "then run it again");
			status = EX_CONFIG;
		} else {
			status = ask_all(&s);
		}
		if (!s.is_written && !s.is_print && status != EX_CONFIG)
			dialogue_say(&s.d, "Nothing was changed.\n");
	}
	dialogue_close(&s.d);
	clear(&s);
	return status;
}
