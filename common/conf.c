/* SPDX-License-Identifier: ISC */
/*
 * The configuration as a whole: found, read (conf_read.c), completed with
 * defaults, checked (conf_check.c), freed.  Reading it never blocks, whatever
 * the name leads to.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf_priv.h"
#include "common/conf_value.h"
#include "common/xalloc.h"

#define FILE_MAX  (1024 * 1024)
#define READ_SIZE 8192

void
conf_set_default(const struct conf_option *o, void *base)
{
	/* The unit test reads every default, so this cannot fail. */
	if (o->def != NULL)
		(void)conf_value_set(o, base, o->def, NULL);
}

static void
fill_defaults(struct conf *c)
{
	const struct conf_option *o;
	size_t i, j;

	for (i = 0; i < conf_noptions; i++) {
		o = &conf_options[i];
		for (j = 0; j < conf_places(c, o->section); j++)
			if (conf_place_lines(c, o->section, j)->option[i] == 0)
				conf_set_default(
				    o, conf_place(c, o->section, j));
	}
}

struct conf *
conf_parse(const char *path, const char *text, size_t n, enum conf_use use,
    const struct conf_host *host, struct conf_problems *p)
{
	struct conf_notes notes = { NULL, 0, false };
	struct conf *c = xcalloc(1, sizeof(*c));

	c->path = xstrdup(path);
	c->origins = xcalloc(1, sizeof(*c->origins));
	if (n > FILE_MAX)
		conf_note(&notes, CONF_ERROR, 0,
		    "the file is larger than 1 MiB: that is no configuration");
	else
		conf_read(c, text, n, use, &notes);
	fill_defaults(c);
	conf_derive_names(c, host, &notes);
	conf_check_queue(c, &notes);
	/* Even after errors: whoever mends the file wants to know them all. */
	if (use == CONF_FULL) {
		conf_check_accounts(c, &notes);
		conf_check_listeners(c, &notes);
	}
	if (notes.has_errors && use == CONF_FULL) {
		conf_free(c);
		c = NULL;
	}
	conf_notes_report(&notes, path, p);
	return c;
}

/*
 * Reads a regular file whole; one octet more than it may have is enough.
 * Returns 0 or an error number, with *why in words.
 */
static int
read_file(const char *path, struct buf *out, const char **why)
{
	struct stat st;
	ssize_t n = 1;
	int fd, error = 0;

	/* Not blocking: the name may be a FIFO. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd == -1 || fstat(fd, &st) == -1) {
		error = errno;
	} else if (!S_ISREG(st.st_mode)) {
		*why = S_ISDIR(st.st_mode) ? "it is a directory"
					   : "it is not a regular file";
		error = EINVAL;
	}
	while (error == 0 && n > 0 && out->len <= FILE_MAX) {
		n = read(fd, buf_reserve(out, READ_SIZE), READ_SIZE);
		if (n > 0)
			buf_grew(out, (size_t)n);
		else if (n == -1 && errno != EINTR)
			error = errno;
		else if (n == -1)
			n = 1;
	}
	if (error != 0 && *why == NULL)
		*why = strerror(error);
	if (fd != -1)
		close(fd);
	return error;
}

struct conf *
conf_load(const char *path, enum conf_use use, const struct conf_host *host,
    struct conf_problems *p)
{
	const char *why = NULL;
	struct conf *c = NULL;
	struct buf text;
	char *line;
	int error;

	buf_init(&text, FILE_MAX + 2 * READ_SIZE);
	error = read_file(path, &text, &why);
	if (error != 0)
		buf_truncate(&text, 0);
	if (error != 0 && (use == CONF_FULL || error != ENOENT)) {
		line = xasprintf("%s: cannot be read: %s%s", path, why,
		    error == ENOENT ? "; mailchute setup makes it" : "");
		strlist_add(&p->errors, line);
		free(line);
	}
	if (error == 0 || use == CONF_FRONT)
		c = conf_parse(path, buf_data(&text), text.len, use, host, p);
	buf_clear(&text);
	return c;
}

void
conf_free(struct conf *c)
{
	const struct conf_option *o;
	size_t i, j;

	if (c == NULL)
		return;
	for (i = 0; i < conf_noptions; i++) {
		o = &conf_options[i];
		for (j = 0; j < conf_places(c, o->section); j++)
			conf_value_clear(o, conf_place(c, o->section, j));
	}
	conf_places_free(c);
	free(c->origins);
	free(c->path);
	free(c);
}

const struct conf_account *
conf_account_find(const struct conf *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->naccounts; i++)
		if (strcmp(c->accounts[i].name, name) == 0)
			return &c->accounts[i];
	return NULL;
}

const struct conf_listen *
conf_listen_find(const struct conf *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->nlisteners; i++)
		if (strcmp(c->listeners[i].name, name) == 0)
			return &c->listeners[i];
	return NULL;
}
