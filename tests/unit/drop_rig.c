/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/drop_line.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "queue/loop.h"
#include "tests/unit/drop_rig.h"

struct drop_rig drop_rig;

static void
on_round(void *arg, bool is_whole)
{
	(void)arg;
	drop_rig.rounds += is_whole;
}

static int64_t
mono_ms(void)
{
	return drop_rig.mono_ms;
}

struct dropdir *
drop_watch(struct office *o)
{
	const struct dropdir_parts parts = { o->parts.base, o->conf,
		o->parts.admit, o->parts.refuse, clock_wall, mono_ms, on_round,
		NULL };

	return dropdir_new(&parts, &o->e);
}

void
drop_up(const char *options)
{
	memset(&drop_rig, 0, sizeof(drop_rig));
	office_open(&drop_rig.o, options);
	if ((drop_rig.d = drop_watch(&drop_rig.o)) == NULL)
		fail_msg("%s", drop_rig.o.e.text);
}

void
drop_down(void)
{
	dropdir_free(drop_rig.d);
	office_run(&drop_rig.o);
	office_close(&drop_rig.o);
}

char *
drop_path(const char *name)
{
	return xasprintf("%s/drop/%s", drop_rig.o.directory, name);
}

static void
put_text(struct buf *b, const char *p, size_t octets)
{
	size_t at, n;

	for (at = 0; at < octets; at += n) {
		n = octets - at < 1000 ? octets - at : 1000;
		assert_int_equal(frame_put_raw(b, SUBMIT_DATA, p + at, n), 0);
	}
	assert_int_equal(submit_put_end(b, octets), 0);
}

void
drop_frames(struct buf *b, struct drop_mail mail)
{
	struct submit_head head = { .id = { mail.number },
		.created_at = T0,
		.version = SUBMIT_VERSION };
	size_t octets = mail.text == NULL ? mail.octets : strlen(mail.text), i;
	struct envelope env;
	char *xs;

	envelope_init(&env);
	free(env.sender);
	env.sender =
	    xstrdup(mail.sender == NULL ? "a@example.com" : mail.sender);
	env.ret = mail.ret;
	for (i = 0; i == 0 || i < mail.nrcpts; i++)
		envelope_add(
		    &env, mail.rcpt == NULL ? "b@example.com" : mail.rcpt)
		    ->notify = mail.notify;
	buf_init(b, 2 * octets + 300 * env.nrcpts + FRAME_RECV_MAX);
	drop_line_put(b, SUBMIT_VERSION);
	assert_int_equal(submit_put_envelope(b, &head, &env), 0);
	if (mail.text != NULL)
		put_text(b, mail.text, octets);
	else {
		xs = xmalloc(octets + 1);
		memset(xs, 'x', octets);
		put_text(b, xs, octets);
		free(xs);
	}
	envelope_clear(&env);
}

void
drop_write(const char *name, const void *p, size_t n)
{
	char *path = drop_path(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0640);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
	free(path);
}

void
drop_put(const char *name, struct drop_mail mail)
{
	char *path = drop_path(name);
	struct buf b;

	drop_frames(&b, mail);
	drop_write(name, buf_data(&b), b.len);
	if (mail.owner != 0)
		assert_int_equal(chown(path, mail.owner, (gid_t)-1), 0);
	buf_clear(&b);
	free(path);
}

bool
drop_is_there(const char *name)
{
	char *path = drop_path(name);
	struct stat st;
	bool found = lstat(path, &st) == 0;

	free(path);
	return found;
}

size_t
drop_files(void)
{
	char *path = drop_path("");
	DIR *d = opendir(path);
	const struct dirent *de;
	size_t n = 0;

	assert_non_null(d);
	while ((de = readdir(d)) != NULL)
		n += de->d_name[0] != '.';
	closedir(d);
	free(path);
	return n;
}

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

void
drop_turn(void)
{
	struct event_base *base = drop_rig.o.parts.base;
	struct event *stop = event_new(base, -1, 0, on_stop, base);

	assert_non_null(stop);
	assert_int_equal(event_priority_set(stop, LOOP_PRIORITY_IDLE), 0);
	loop_again(stop);
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_free(stop);
}

void
drop_round(void)
{
	size_t before = drop_rig.rounds, turn;

	dropdir_begin(drop_rig.d);
	for (turn = 0; drop_rig.rounds == before && turn < 100000; turn++)
		drop_turn();
	assert_true(drop_rig.rounds > before);
}
