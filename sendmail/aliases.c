/* SPDX-License-Identifier: ISC */
/*
 * What is left of newaliases: the file is read as mailchuted will read it, and
 * what is wrong is told while somebody looks.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/buf.h"
#include "mail/alias.h"
#include "sendmail/aliases.h"
#include "sendmail/site.h"

#define FILE_MAX (1024 * 1024) /* mailchuted reads no more */
#define CHUNK    4096

/* Reads the file into b as far as it goes; 0, or -1 with errno. */
static int
read_file(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = 0;
	char *to;
	int saved;

	if (fd == -1)
		return -1;
	while ((to = buf_reserve(b, CHUNK)) != NULL) {
		n = read(fd, to, CHUNK);
		if (n <= 0)
			break;
		buf_grew(b, (size_t)n);
	}
	saved = errno;
	close(fd);
	errno = saved;
	return n == -1 ? -1 : 0;
}

static void
check_file(const char *path, const struct report *r)
{
	struct strlist bad = { NULL, 0 };
	struct buf text;
	size_t i;

	buf_init(&text, FILE_MAX);
	if (read_file(path, &text) == 0) {
		aliases_free(aliases_parse(buf_data(&text), text.len, &bad));
		for (i = 0; i < bad.n; i++)
			report_error(r, "%s: %s", path, bad.v[i]);
	} else if (errno != ENOENT) {
		report_error(r,
		    "%s cannot be read: %s; mail to local names goes to "
		    "local.admin",
		    path, strerror(errno));
	}
	strlist_clear(&bad);
	buf_clear(&text);
}

int
aliases_check(const struct args *a)
{
	struct report report;
	struct site site;

	report_init(&report, a->tag, false);
	report.program = a->program;
	site_open(&site, a, &report);
	check_file(site.conf->local.aliases, &report);
	site_close(&site);
	return EX_OK;
}
