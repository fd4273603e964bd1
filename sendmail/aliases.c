/* SPDX-License-Identifier: ISC */
/*
 * What is left of newaliases: the file and its lists are read as mailchuted
 * will read them, with its eyes, and what is wrong is told while somebody
 * looks.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/filesource.h"
#include "common/priv.h"
#include "common/site.h"
#include "mail/alias.h"
#include "sendmail/aliases.h"
#include "sendmail/report.h"

#define FILE_MAX  (1024 * 1024) /* mailchuted reads no more */
#define CHUNK     4096
#define LISTS_MAX 1000 /* looked at; nobody has so many */

struct check {
	const struct report *report;
	const char *path;     /* of the file of aliases */
	uid_t user;           /* queue.user */
	struct strlist lists; /* seen so far */
};

/*
 * Root may read what queue.user may not.  A user that is not there is told by
 * mailchuted; here the file is of interest.
 */
static void
become_queue_user(struct check *c, const char *name)
{
	const struct passwd *pw = getpwnam(name);
	struct err e;

	c->user = pw == NULL ? geteuid() : pw->pw_uid;
	if (pw != NULL && geteuid() == 0 && pw->pw_uid != 0 &&
	    priv_drop(pw->pw_uid, pw->pw_gid, &e) == -1)
		report_error(c->report, "%s", e.text);
}

/* The whole text, or -1 with *e filled. */
static int
read_file(const struct check *c, const char *path, enum filesource kind,
    struct buf *b, struct err *e)
{
	int fd = filesource_open(path, kind, c->user, e);
	ssize_t n = 0;
	char *to;

	if (fd == -1)
		return -1;
	/* Whole reads fit as long as no more than that was read. */
	buf_init(b, FILE_MAX + CHUNK);
	while ((to = buf_reserve(b, CHUNK)) != NULL &&
	       (n = read(fd, to, CHUNK)) > 0)
		buf_grew(b, (size_t)n);
	if (n == -1)
		err_errno(e, ERR_LOCAL, "5.3.5", "%s", path);
	else if (to == NULL)
		err_set(e, ERR_LOCAL, "5.3.5", "%s is larger than %d octets",
		    path, FILE_MAX);
	close(fd);
	if (n == 0 && to != NULL)
		return 0;
	buf_clear(b);
	return -1;
}

static void check_items(struct check *c, const struct alias_items *items);

static void
check_lines(struct check *c, const char *path, const struct buf *text)
{
	struct alias_items items = { NULL, 0 };
	struct strlist bad = { NULL, 0 };
	struct alias_reader r;
	size_t number, i;
	char *line;

	alias_reader_init(&r, buf_data(text), text->len, LINES_SINGLE);
	while ((line = alias_reader_next(&r, &number)) != NULL) {
		alias_list_parse(line, strlen(line), &items, &bad);
		for (i = 0; i < bad.n; i++)
			report_error(c->report, "%s: line %zu: %s", path,
			    number, bad.v[i]);
		strlist_clear(&bad);
		free(line);
	}
	check_items(c, &items);
	alias_items_clear(&items);
}

/* A list within a list is looked at as well, each once. */
static void
check_list(struct check *c, const char *path)
{
	struct buf text;
	struct err e;

	if (strlist_has(&c->lists, path) || c->lists.n == LISTS_MAX)
		return;
	strlist_add(&c->lists, path);
	if (read_file(c, path, FILESOURCE_INCLUDE, &text, &e) == -1) {
		report_error(c->report,
		    "%s: %s; local.admin gets the mail of this list", c->path,
		    e.text);
		return;
	}
	check_lines(c, path, &text);
	buf_clear(&text);
}

static void
check_items(struct check *c, const struct alias_items *items)
{
	size_t i;

	for (i = 0; i < items->n; i++)
		if (items->v[i].kind == ITEM_INCLUDE)
			check_list(c, items->v[i].text);
}

static void
check_aliases(struct check *c, const struct buf *text)
{
	struct strlist bad = { NULL, 0 };
	struct aliases *a = aliases_parse(buf_data(text), text->len, &bad);
	size_t i;

	for (i = 0; i < bad.n; i++)
		report_error(c->report, "%s: %s", c->path, bad.v[i]);
	for (i = 0; i < aliases_count(a); i++)
		check_items(c, aliases_items(a, i));
	strlist_clear(&bad);
	aliases_free(a);
}

static void
check_file(struct check *c)
{
	struct stat st;
	struct buf text;
	struct err e;

	if (stat(c->path, &st) == -1 && (errno == ENOENT || errno == ENOTDIR))
		return;
	if (read_file(c, c->path, FILESOURCE_ALIASES, &text, &e) == -1) {
		report_error(c->report,
		    "%s: mailchuted goes on with the aliases that it has "
		    "read before, or none",
		    e.text);
		return;
	}
	check_aliases(c, &text);
	buf_clear(&text);
}

int
aliases_check(const struct args *a)
{
	struct report report;
	struct check c = { .report = &report };
	struct site site;

	report_init(&report, a->tag, false);
	report.program = a->program;
	site_open(&site, a->conf_path);
	report_remarks(&report, LOG_WARNING, &site.remarks);
	c.path = site.conf->local.aliases;
	become_queue_user(&c, site.conf->queue.user);
	check_file(&c);
	strlist_clear(&c.lists);
	site_close(&site);
	return EX_OK;
}
