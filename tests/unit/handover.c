/* SPDX-License-Identifier: ISC */
/* The daemon first, then the drop folder: who gets the message, and when. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/handover.h"
#include "common/xalloc.h"

#define MIB (1024 * 1024)

/* What stands in the daemon's place. */
enum daemon {
	DAEMON_NONE,
	DAEMON_ACCEPTS,
	DAEMON_REFUSES,
	DAEMON_DIES,     /* when it has greeted */
	DAEMON_DIES_LATE /* when it has read more than memory holds */
};

struct scene {
	char root[32], folder[64], socket[64];
	pid_t daemon;
	size_t left; /* of the text */
	struct envelope env;
	struct parcel *parcel;
	struct route to;
};

static ssize_t
text_read(void *arg, void *p, size_t n, struct err *e)
{
	struct scene *s = arg;

	(void)e;
	if (n > s->left)
		n = s->left;
	memset(p, 'x', n);
	s->left -= n;
	return (ssize_t)n;
}

static int
text_rewind(void *arg, struct err *e)
{
	(void)arg;
	return err_set(e, ERR_TEMP, "4.3.0", "it is a pipe");
}

/* Reads to the frame END. */
static void
read_all(int fd)
{
	struct buf in;
	struct frame f;
	ssize_t n;
	char *to;

	buf_init(&in, 4 * MIB);
	for (;;) {
		while ((n = frame_parse(buf_data(&in), in.len, &f)) > 0) {
			if (f.type == SUBMIT_END)
				goto out;
			buf_consume(&in, (size_t)n);
		}
		to = buf_reserve(&in, 65536);
		if ((n = read(fd, to, 65536)) <= 0)
			goto out;
		buf_grew(&in, (size_t)n);
	}
out:
	buf_clear(&in);
}

static void
read_some(int fd, size_t n)
{
	char piece[4096];
	ssize_t got;

	for (; n > 0; n -= (size_t)got) {
		got = read(fd, piece, n < sizeof(piece) ? n : sizeof(piece));
		if (got <= 0)
			return;
	}
}

/* One client, in a process of its own. */
static void
be_daemon(int listener, enum daemon how)
{
	struct buf out;
	struct err why;
	int fd = accept(listener, NULL, NULL);

	buf_init(&out, 4096);
	submit_put_greeting(&out, 0);
	err_set(&why, ERR_PERM, "5.7.1", "not you");
	if (how == DAEMON_ACCEPTS) {
		read_all(fd);
		submit_put_accepted(&out, "0123456789AB");
	} else if (how == DAEMON_DIES_LATE) {
		(void)!write(fd, out.data, out.len);
		read_some(fd, 2 * MIB);
		_exit(0);
	} else if (how == DAEMON_REFUSES) {
		read_all(fd);
		submit_put_refused(&out, &why);
	}
	(void)!write(fd, out.data, out.len);
	_exit(0);
}

static void
start_daemon(struct scene *s, enum daemon how)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strlcpy(sun.sun_path, s->socket, sizeof(sun.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(fd, 1), 0);
	s->daemon = fork();
	assert_true(s->daemon != -1);
	if (s->daemon == 0)
		be_daemon(fd, how);
	close(fd);
}

static void
set_up(struct scene *s, enum daemon how, size_t size)
{
	const struct submit_head head = { { 1 }, 1700000000, SUBMIT_VERSION };
	const struct source source = { text_read, text_rewind, s };
	struct err e;

	memset(s, 0, sizeof(*s));
	strlcpy(s->root, "/tmp/handover-XXXXXX", sizeof(s->root));
	assert_non_null(mkdtemp(s->root));
	snprintf(s->folder, sizeof(s->folder), "%s/drop", s->root);
	snprintf(s->socket, sizeof(s->socket), "%s/submit", s->root);
	assert_int_equal(mkdir(s->folder, 0700), 0);
	s->to.socket_path = s->socket;
	s->to.drop.folder = s->folder;
	s->to.drop.user = "nobody";
	s->left = size;
	envelope_init(&s->env);
	s->env.sender = xstrdup("a@b.example");
	envelope_add(&s->env, "c@d.example");
	s->parcel = parcel_new(&head, &s->env, &source, SIZE_LIMIT_NONE);
	assert_int_equal(parcel_fill(s->parcel, &e), 0);
	if (how != DAEMON_NONE)
		start_daemon(s, how);
}

/* Files of the drop folder, which are removed. */
static size_t
dropped(const struct scene *s)
{
	DIR *d = opendir(s->folder);
	struct dirent *entry;
	size_t n = 0;

	assert_non_null(d);
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		assert_int_equal(unlinkat(dirfd(d), entry->d_name, 0), 0);
		n++;
	}
	closedir(d);
	return n;
}

static void
tear_down(struct scene *s)
{
	if (s->daemon != 0)
		assert_int_equal(waitpid(s->daemon, NULL, 0), s->daemon);
	parcel_free(s->parcel);
	envelope_clear(&s->env);
	unlink(s->socket);
	rmdir(s->folder);
	rmdir(s->root);
}

static void
the_daemon_takes_it(void **state)
{
	struct handed handed;
	struct scene s;
	struct err e;

	(void)state;
	set_up(&s, DAEMON_ACCEPTS, 2000);
	assert_int_equal(handover(&s.to, s.parcel, &handed, &e), 0);
	assert_string_equal(handed.queue_id, "0123456789AB");
	assert_int_equal(dropped(&s), 0);
	tear_down(&s);
}

static void
the_daemon_s_no_is_final(void **state)
{
	struct handed handed;
	struct scene s;
	struct err e;

	(void)state;
	set_up(&s, DAEMON_REFUSES, 2000);
	assert_int_equal(handover(&s.to, s.parcel, &handed, &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	assert_string_equal(e.status, "5.7.1");
	assert_string_equal(e.text, "not you");
	assert_int_equal(dropped(&s), 0);
	tear_down(&s);
}

static void
nobody_answers(void **state)
{
	const enum daemon cases[] = { DAEMON_NONE, DAEMON_DIES };
	struct handed handed;
	struct scene s;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		set_up(&s, cases[i], 2000);
		memset(&handed, 'x', sizeof(handed));
		assert_int_equal(handover(&s.to, s.parcel, &handed, &e), 0);
		assert_string_equal(handed.queue_id, "");
		assert_non_null(strstr(handed.why.text, "mailchuted"));
		assert_int_equal(dropped(&s), 1);
		tear_down(&s);
	}
}

/* What was told once cannot be told again. */
static void
more_than_memory_and_the_daemon_dies(void **state)
{
	struct handed handed;
	struct scene s;
	struct err e;

	(void)state;
	set_up(&s, DAEMON_DIES_LATE, 8 * MIB);
	assert_int_equal(handover(&s.to, s.parcel, &handed, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_non_null(strstr(e.text, "try again"));
	assert_int_equal(dropped(&s), 0);
	tear_down(&s);
}

static void
nowhere_to_put_it(void **state)
{
	struct handed handed;
	struct scene s;
	struct err e;

	(void)state;
	set_up(&s, DAEMON_NONE, 2000);
	assert_int_equal(rmdir(s.folder), 0);
	assert_int_equal(handover(&s.to, s.parcel, &handed, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_non_null(strstr(e.text, "was not queued"));
	tear_down(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_daemon_takes_it),
		cmocka_unit_test(the_daemon_s_no_is_final),
		cmocka_unit_test(nobody_answers),
		cmocka_unit_test(more_than_memory_and_the_daemon_dies),
		cmocka_unit_test(nowhere_to_put_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
