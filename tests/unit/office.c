/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/ask.h"
#include "queue/limits.h"
#include "queue/submitter.h"
#include "tests/unit/office.h"

static const char *const folders[] = { "queue", "run", "drop" };
#define FOLDERS (sizeof(folders) / sizeof(folders[0]))

static struct conf *
read_options(const char *directory, const char *options)
{
	static const struct conf_host host = { "web01.contoso.com",
		"contoso.com", "192.0.2.7" };
	struct conf_problems p = { { NULL, 0 }, { NULL, 0 } };
	char *path = xasprintf("%s/mailchute.conf", directory);
	char *text = xasprintf("%s\n[local]\naliases = %s/aliases\n"
			       "[queue]\ndirectory = %s/queue\n"
			       "socket_directory = %s/run\n"
			       "drop_directory = %s/drop\n"
			       "free_space_min = 0\n",
	    options, directory, directory, directory, directory);
	struct conf *c =
	    conf_parse(path, text, strlen(text), CONF_FULL, &host, &p);
	size_t i;

	for (i = 0; i < p.errors.n; i++)
		print_error("%s\n", p.errors.v[i]);
	assert_non_null(c);
	conf_problems_clear(&p);
	free(text);
	free(path);
	return c;
}

static void
open_with(struct office *o, const char *options, int parent)
{
	struct ask *ask;
	char *path;
	size_t i;

	memset(o, 0, sizeof(*o));
	o->directory = fixture_directory();
	path = xasprintf("%s/log", o->directory);
	assert_int_equal(log_open("test", LOG_TO_FILE, path, LOG_DEBUG), 0);
	free(path);
	for (i = 0; i < FOLDERS; i++) {
		path = xasprintf("%s/%s", o->directory, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
		free(path);
	}
	o->conf = read_options(o->directory, options);
	o->identity = (struct identity){ .uid = geteuid(), .gid = getegid() };
	ask = parent == -1 ? ask_new_alone(o->conf) : ask_new(parent);
	if (parts_open(&o->parts, o->conf, &o->identity, ask, &o->e) == -1)
		fail_msg("%s", o->e.text);
}

void
office_open(struct office *o, const char *options)
{
	open_with(o, options, -1);
}

/* Our end of the channel; the other one goes to *parent. */
static int
make_parent(int *parent)
{
	/* A question nobody answers ends the test instead of hanging it. */
	struct timeval patience = { .tv_sec = 60 };
	int fd[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0);
	assert_int_equal(setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &patience,
			     sizeof(patience)),
	    0);
	*parent = fd[1];
	return fd[0];
}

void
office_open_parented(struct office *o, const char *options, int *parent)
{
	int fd = make_parent(parent);

	open_with(o, options, fd);
}

static void
reopen_with(struct office *o, struct ask *ask)
{
	if (parts_open(&o->parts, o->conf, &o->identity, ask, &o->e) == -1)
		fail_msg("%s", o->e.text);
}

void
office_reopen(struct office *o)
{
	parts_close(&o->parts);
	reopen_with(o, ask_new_alone(o->conf));
}

void
office_reopen_parented(struct office *o, int *parent)
{
	parts_close(&o->parts);
	reopen_with(o, ask_new(make_parent(parent)));
}

void
office_close(struct office *o)
{
	size_t i;

	parts_close(&o->parts);
	conf_free(o->conf);
	for (i = 0; i < FOLDERS; i++)
		fixture_remove(xasprintf("%s/%s", o->directory, folders[i]));
	log_open("test", LOG_TO_STDERR, NULL, LOG_ERR);
	fixture_remove(o->directory);
}

void
office_run(struct office *o)
{
	/* One turn may make the next ready: a commit, then who waited for it.
	 */
	int i;

	for (i = 0; i < 20; i++)
		event_base_loop(o->parts.base, EVLOOP_NONBLOCK);
}

void
office_write(const struct office *o, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", o->directory, name);
	int fd;

	/* Another inode each time, so that a stamp of seconds is enough. */
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	free(path);
}

size_t
office_logged(const struct office *o, const char *part)
{
	char *path = xasprintf("%s/log", o->directory), line[LOG_LINE_MAX];
	FILE *f = fopen(path, "r");
	size_t n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, part) != NULL;
	fclose(f);
	free(path);
	return n;
}

uint64_t
office_post(struct office *o, struct office_mail mail)
{
	const char *body =
	    mail.body != NULL ? mail.body : "Subject: test\r\n\r\na line\r\n";
	struct store_message m = {
		.uid = mail.uid, .device = mail.device, .kind = mail.kind
	};
	struct store_rcpt r = { .notify = mail.notify };
	struct store *s = o->parts.store;
	size_t i, at, n, octets = strlen(body);

	m.id = store_next_id(s, (int64_t)T0 * 1000);
	m.arrived_at = mail.at == 0 ? T0 : mail.at;
	m.ret = mail.ret;
	m.envid = mail.envid == NULL ? NULL : xstrdup(mail.envid);
	m.account = xstrdup(mail.account == NULL ? "" : mail.account);
	m.sender =
	    xstrdup(mail.sender == NULL ? "sender@example.com" : mail.sender);
	fixture_begin(s);
	assert_int_equal(store_message_add(s, &m, &o->e), 0);
	for (at = 0; at < octets; at += n) {
		n = octets - at < CHUNK_SIZE ? octets - at : CHUNK_SIZE;
		assert_int_equal(
		    store_chunk_add(s, m.id, body + at, n, &o->e), 0);
	}
	for (i = 0; i < 4 && mail.to[i] != NULL; i++) {
		r.address = xstrdup(mail.to[i]);
		r.orcpt = mail.orcpt == NULL ? NULL : xstrdup(mail.orcpt);
		assert_int_equal(store_rcpt_add(s, m.id, &r, &o->e), 0);
		free(r.address);
		free(r.orcpt);
	}
	assert_int_equal(store_message_queue(s, m.id, m.arrived_at, &o->e), 0);
	fixture_commit(s);
	limits_add(o->parts.limits, submitter_of(m.uid, m.device), 1, octets);
	free(m.envid);
	free(m.account);
	free(m.sender);
	return m.id;
}

static void
on_row(void *arg, const struct store_message *m, const struct store_rcpt *r)
{
	static const char *const kinds[] = { "mail", "bounce", "alarm" };

	assert_int_equal(
	    buf_printf(arg, "%s%s <%s> to %s %s",
		((struct buf *)arg)->len == 0 ? "" : "\n", kinds[m->kind],
		m->sender, r->address, rcpt_state_name(r->state)),
	    0);
}

const char *
office_list(struct office *o)
{
	static char text[4096];
	struct store_walk walk = { .max = 1000 };
	struct buf b;

	buf_init(&b, sizeof(text));
	assert_int_equal(
	    store_list(o->parts.store, &walk, on_row, &b, &o->e), 0);
	strlcpy(text, buf_data(&b), sizeof(text));
	buf_clear(&b);
	return text;
}
