/* SPDX-License-Identifier: ISC */
/* A host in a temporary folder, and a client that is a text. */
#include "config.h"

#include <sys/stat.h>

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/drop_line.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "tests/smtp/stage.h"

#define FILE_MAX (16 * 1024 * 1024)

/* ---- the host ---- */

void
stage_open(struct stage *s, const char *queue)
{
	FILE *f;

	strlcpy(s->root, "/tmp/smtpd-test-XXXXXX", sizeof(s->root));
	assert(mkdtemp(s->root) != NULL);
	s->folder = xasprintf("%s/drop", s->root);
	s->conf_path = xasprintf("%s/conf", s->root);
	assert(mkdir(s->folder, 0700) == 0);
	assert(chmod(s->folder, 03733) == 0);
	f = fopen(s->conf_path, "w");
	assert(f != NULL);
	fprintf(f,
	    "[local]\nhostname = web01.contoso.example\n"
	    "domain = contoso.example\n"
	    "[queue]\nsocket_directory = %s/run\ndrop_directory = %s\n%s\n",
	    s->root, s->folder, queue);
	fclose(f);
	site_open(&s->site, s->conf_path);
	assert(s->site.remarks.n == 0);
}

void
stage_close(struct stage *s)
{
	char *left[STAGE_MAX];
	size_t n = stage_take(s, left);

	while (n > 0)
		free(left[--n]);
	site_close(&s->site);
	unlink(s->conf_path);
	rmdir(s->folder);
	rmdir(s->root);
	free(s->conf_path);
	free(s->folder);
}

static void
read_file(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY);
	char piece[8192];
	ssize_t n;

	assert(fd != -1);
	buf_init(b, FILE_MAX);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		assert(buf_append(b, piece, (size_t)n) == 0);
	assert(n == 0);
	close(fd);
}

static void
put_envelope(struct buf *b, const struct envelope *env)
{
	static const char *const bodies[] = { "", " 7bit", " 8bit" };
	static const char *const rets[] = { "", " full", " hdrs" };
	size_t i;

	buf_printf(b, "%s%s >", env->sender[0] == '\0' ? "<>" : env->sender,
	    env->sender_is_local ? "(local)" : "");
	for (i = 0; i < env->nrcpts; i++) {
		buf_printf(b, " %s%s", env->rcpts[i].address,
		    env->rcpts[i].is_local ? "(local)" : "");
		if (env->rcpts[i].notify != 0)
			buf_printf(b, ",%u", env->rcpts[i].notify);
		if (env->rcpts[i].orcpt != NULL)
			buf_printf(b, ",%s", env->rcpts[i].orcpt);
	}
	buf_printf(b, "%s%s%s", bodies[env->body], env->smtputf8 ? " utf8" : "",
	    rets[env->ret]);
	if (env->envid != NULL)
		buf_printf(b, " %s", env->envid);
	buf_puts(b, "\n");
}

/* What is different each time becomes {any}. */
static void
put_line(struct buf *b, const char *p, size_t n)
{
	static const char id[] = "Message-ID: <20";
	static const char ours[] = "@web01.contoso.example>";

	if (n > 20 && strncmp(p, "Date: ", 6) == 0)
		buf_puts(b, "Date: {any}\n");
	else if (n > sizeof(id) + sizeof(ours) &&
		 strncmp(p, id, sizeof(id) - 1) == 0 &&
		 strncmp(p + n - sizeof(ours) + 1, ours, sizeof(ours) - 1) == 0)
		buf_puts(b, "Message-ID: {any}\n");
	else {
		buf_append(b, p, n);
		buf_puts(b, "\n");
	}
}

static void
put_text(struct buf *b, const struct buf *text)
{
	const char *p = buf_data(text), *stop;

	while ((stop = strstr(p, "\r\n")) != NULL) {
		put_line(b, p, (size_t)(stop - p));
		p = stop + 2;
	}
	assert(*p == '\0');
}

/* The frames of one submission, to the last. */
static char *
describe(const struct buf *file)
{
	struct submit_head head;
	struct envelope env;
	struct frame f;
	struct buf out, text;
	struct err e;
	uint64_t size = UINT64_MAX;
	size_t at = strcspn(file->data, "\n") + 1;
	ssize_t n;

	buf_init(&out, FILE_MAX);
	buf_init(&text, FILE_MAX);
	envelope_init(&env);
	while ((n = frame_parse(file->data + at, file->len - at, &f)) > 0) {
		assert(size == UINT64_MAX);
		if (f.type == SUBMIT_ENVELOPE)
			assert(submit_get_envelope(&f, &head, &env, &e) == 0);
		else if (f.type == SUBMIT_RCPTS)
			assert(submit_get_rcpts(&f, &env, &e) == 0);
		else if (f.type == SUBMIT_DATA)
			assert(buf_append(&text, f.payload, f.len) == 0);
		else
			assert(submit_get_end(&f, &size, &e) == 0);
		at += (size_t)n;
	}
	assert(at == file->len && size == text.len);
	put_envelope(&out, &env);
	put_text(&out, &text);
	envelope_clear(&env);
	buf_clear(&text);
	return buf_steal(&out);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t
stage_take(struct stage *s, char *messages[STAGE_MAX])
{
	DIR *d = opendir(s->folder);
	struct dirent *entry;
	struct buf file;
	size_t n = 0;
	char *path;

	assert(d != NULL);
	memset(messages, 0, STAGE_MAX * sizeof(*messages));
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		assert(n < STAGE_MAX);
		path = xasprintf("%s/%s", s->folder, entry->d_name);
		read_file(path, &file);
		messages[n++] = describe(&file);
		buf_clear(&file);
		unlink(path);
		free(path);
	}
	closedir(d);
	qsort(messages, n, sizeof(*messages), by_text);
	return n;
}

/* ---- the client ---- */

static ssize_t
client_read(void *arg, void *p, size_t n, int64_t deadline_ms)
{
	struct client *c = arg;
	size_t left;

	c->deadline_ms = deadline_ms;
	if (c->at == c->stop && c->heard != NULL)
		c->heard(c);
	left = (c->stop < c->n ? c->stop : c->n) - c->at;
	if (c->piece != 0 && n > c->piece)
		n = c->piece;
	if (n > left)
		n = left;
	if (n == 0 && c->error != 0) {
		errno = c->error;
		return -1;
	}
	memcpy(p, c->in + c->at, n);
	c->at += n;
	return (ssize_t)n;
}

static int
client_write(void *arg, const void *p, size_t n, int64_t deadline_ms)
{
	struct client *c = arg;

	(void)deadline_ms;
	if (c->deaf_after == 1) {
		errno = EPIPE;
		return -1;
	}
	if (c->deaf_after > 1)
		c->deaf_after--;
	return buf_append(&c->out, p, n);
}

static bool
client_waits(void *arg)
{
	const struct client *c = arg;

	return c->piece != 0 || c->at == c->stop || c->at == c->n;
}

void
client_init(struct client *c, const char *in, size_t n)
{
	memset(c, 0, sizeof(*c));
	c->in = in;
	c->n = n;
	c->stop = SIZE_MAX;
	buf_init(&c->out, FILE_MAX);
}

void
client_clear(struct client *c)
{
	buf_clear(&c->out);
}

struct io
client_io(struct client *c)
{
	const struct io io = { client_read, client_write, client_waits, c };

	return io;
}
