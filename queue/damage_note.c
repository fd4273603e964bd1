/* SPDX-License-Identifier: ISC */
/*
 *	queue.db.tries	a line for each try at reading the damage: how many
 *			rows it had looked at when it ended
 *	queue.db.untold	three numbers and a name: messages saved and lost,
 *			whether nothing was read, where the damaged file is
 */
#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "queue/damage_note.h"

#define TRIES_MAX  10
#define LINE       17 /* octets of a try's line: 16 digits */
#define UNTOLD_MAX (PATH_MAX + 64)

static int
open_beside(const char *path, const char *end, int flags)
{
	char *name = xasprintf("%s%s", path, end);
	int fd = open(name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);

	free(name);
	return fd;
}

static void
forget(const char *path, const char *end)
{
	char *name = xasprintf("%s%s", path, end);

	(void)unlink(name);
	free(name);
}

bool
damage_tries_spent(const char *path)
{
	int fd = open_beside(path, ".tries", O_RDONLY);
	char lines[TRIES_MAX * LINE], *last;
	ssize_t n;

	if (fd == -1)
		return false;
	n = read(fd, lines, sizeof(lines)) / LINE;
	close(fd);
	if (n < 2)
		return false;
	last = lines + (n - 1) * LINE;
	return n >= TRIES_MAX || memcmp(last, last - LINE, LINE) == 0;
}

static int
put_steps(const struct damage_try *t)
{
	char line[LINE + 1];

	snprintf(line, sizeof(line), "%016llu\n", (unsigned long long)t->steps);
	return pwrite(t->fd, line, LINE, t->at) == LINE ? 0 : -1;
}

int
damage_try_begin(struct damage_try *t, const char *path)
{
	t->steps = 0;
	t->fd = open_beside(path, ".tries", O_RDWR | O_CREAT);
	if (t->fd == -1)
		return -1;
	/* What a cut-off write has left is written over. */
	t->at = lseek(t->fd, 0, SEEK_END) / LINE * LINE;
	if (put_steps(t) == 0 && fsync(t->fd) == 0)
		return 0;
	close(t->fd);
	return -1;
}

/* Not synced: with the machine goes the process, by no fault of the file. */
void
damage_try_step(void *arg, bool is_read)
{
	struct damage_try *t = arg;

	t->steps++;
	if (!is_read || ftruncate(t->fd, t->at) == -1)
		(void)put_steps(t);
}

void
damage_try_end(struct damage_try *t, const char *path)
{
	close(t->fd);
	forget(path, ".tries");
}

int
damage_untold_put(
    const char *path, const struct damage_report *r, struct err *e)
{
	int fd = open_beside(path, ".untold", O_WRONLY | O_CREAT | O_TRUNC);
	char *text =
	    xasprintf("%llu %llu %d %s", (unsigned long long)r->salvage.saved,
		(unsigned long long)r->salvage.lost, r->by_hand, r->aside);
	ssize_t n = (ssize_t)strlen(text);
	int rc = 0;

	if (fd == -1 || write(fd, text, (size_t)n) != n || fsync(fd) == -1)
		rc = err_errno(e, ERR_TEMP, "4.3.0", "%s.untold", path);
	if (fd != -1)
		close(fd);
	free(text);
	return rc;
}

/* The number before the next blank, which ends it; NULL: there is none. */
static char *
take_number(char *p, uint64_t *n)
{
	char *end;

	if (p == NULL || *p < '0' || *p > '9')
		return NULL;
	*n = strtoull(p, &end, 10);
	return *end == ' ' ? end + 1 : NULL;
}

bool
damage_untold_get(const char *path, struct damage_report *r)
{
	int fd = open_beside(path, ".untold", O_RDONLY);
	char text[UNTOLD_MAX], *p;
	uint64_t by_hand;
	ssize_t n;

	memset(r, 0, sizeof(*r));
	if (fd == -1)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	p = take_number(text, &r->salvage.saved);
	p = take_number(p, &r->salvage.lost);
	p = take_number(p, &by_hand);
	if (p == NULL || *p == '\0')
		return false;
	r->by_hand = by_hand != 0;
	r->aside = xstrdup(p);
	return true;
}

void
damage_untold_forget(const char *path)
{
	forget(path, ".untold");
}
