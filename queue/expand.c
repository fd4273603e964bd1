/* SPDX-License-Identifier: ISC */
/* The file of aliases as it is now, and what mail/targets.h makes of it. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/filesource.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/alias.h"
#include "queue/ask.h"
#include "queue/expand.h"

struct expand {
	const struct conf *conf;
	struct ask *ask;
	struct aliases *aliases; /* as the file stood at stamp */
	struct stat stamp;       /* all zero: there is no file */
	char *trouble;           /* with the file as it is now, and told */
};

struct expand *
expand_new(const struct conf *conf, struct ask *ask)
{
	struct expand *x = xcalloc(1, sizeof(*x));

	x->conf = conf;
	x->ask = ask;
	return x;
}

void
expand_free(struct expand *x)
{
	if (x == NULL)
		return;
	aliases_free(x->aliases);
	free(x->trouble);
	free(x);
}

/* ---- the file of aliases ---- */

static void
note_all(const char *file, const struct strlist *notes)
{
	size_t i;

	for (i = 0; i < notes->n; i++)
		log_event(LOG_WARNING, "aliases", "file", file, "text",
		    notes->v[i], NULL);
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	       a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/*
 * The table stays as it was: mail goes where it went yesterday.  What is wrong
 * is told once, and not for each of a thousand messages.
 */
static void
keep_table(struct expand *x, const char *why)
{
	if (x->aliases == NULL)
		x->aliases = aliases_parse("", 0, NULL);
	if (x->trouble != NULL && strcmp(x->trouble, why) == 0)
		return;
	free(x->trouble);
	x->trouble = xstrdup(why);
	log_event(LOG_ERR, "aliases", "file", x->conf->local.aliases, "text",
	    why, NULL);
}

static void
take_table(
    struct expand *x, const char *text, size_t n, const struct stat *stamp)
{
	struct strlist bad = { NULL, 0 };

	aliases_free(x->aliases);
	x->aliases = aliases_parse(text, n, &bad);
	x->stamp = *stamp;
	note_all(x->conf->local.aliases, &bad);
	strlist_clear(&bad);
	free(x->trouble);
	x->trouble = NULL;
}

/*
 * Reads the file anew when it is another than before.  Only a file that is
 * gone is an empty one: a folder that was locked, or a disk that fails, must
 * not send root's mail elsewhere.
 */
static void
refresh(struct expand *x)
{
	struct stat st;
	struct err e;
	char *text;
	size_t n;
	int fd;

	if (stat(x->conf->local.aliases, &st) == -1) {
		if (errno != ENOENT && errno != ENOTDIR) {
			err_errno(&e, ERR_LOCAL, "5.3.5", "cannot be reached");
			keep_table(x, e.text);
			return;
		}
		memset(&st, 0, sizeof(st));
	}
	if (x->aliases != NULL && is_same_file(&st, &x->stamp))
		return;
	if (st.st_ino == 0) {
		take_table(x, "", 0, &st);
	} else if ((fd = ask_aliases(x->ask, &e)) == -1 ||
		   filesource_read(fd, &text, &n, &e) == -1) {
		keep_table(x, e.text);
	} else {
		take_table(x, text, n, &st);
		free(text);
	}
}

static int
include(void *arg, const char *path, char **text, size_t *n, struct err *e)
{
	struct expand *x = arg;
	int fd = ask_include(x->ask, path, e);

	return fd == -1 ? -1 : filesource_read(fd, text, n, e);
}

static const struct aliases *
current(void *arg)
{
	struct expand *x = arg;

	refresh(x);
	return x->aliases;
}

static void
log_note(void *arg, const struct targets_note *n)
{
	const struct expand *x = arg;

	if (n->rcpt != NULL)
		log_event(LOG_WARNING, "aliases", "rcpt", n->rcpt, "target",
		    n->target, "text", n->text, NULL);
	else
		log_event(n->is_error ? LOG_ERR : LOG_WARNING, "aliases",
		    "file", x->conf->local.aliases, "text", n->text, NULL);
}

static struct expanded *
expand_all(struct expand *x, const struct envelope *env, const char *domain,
    struct err *e)
{
	const struct targets_rules rules = { x->conf, current, include,
		log_note, x };

	return targets_expand(&rules, env, domain, e);
}

struct expanded *
expand_rcpts(struct expand *x, const struct envelope *env, struct err *e)
{
	return expand_all(x, env, x->conf->local.domain, e);
}

struct expanded *
expand_address(struct expand *x, const char *address, struct err *e)
{
	struct envelope_rcpt r = { .address = xstrdup(address) };
	struct envelope env = { .rcpts = &r, .nrcpts = 1 };
	struct expanded *out = expand_all(x, &env, NULL, e);

	free(r.address);
	return out;
}

const char *
expand_admin(const struct conf *conf)
{
	return conf->local.redirect != NULL ? conf->local.redirect
					    : conf->local.admin;
}

void
expand_put_redirected(const struct envelope *env, struct buf *b)
{
	size_t start = b->len, i;

	buf_puts(b, "X-Mailchute-Redirected:");
	for (i = 0; i < env->nrcpts && b->len - start < EXPAND_NAMED_MAX; i++)
		buf_printf(
		    b, "%s %s", i == 0 ? "" : ",\r\n\t", env->rcpts[i].address);
	if (i < env->nrcpts)
		buf_printf(b, "\r\n\t (and %zu more)", env->nrcpts - i);
	buf_puts(b, "\r\n");
}
