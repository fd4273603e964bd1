/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/proto_listen.h"
#include "common/proto_origin.h"
#include "common/proto_words.h"
#include "common/xalloc.h"
#include "smtpd/fork_server.h"
#include "tests/unit/guest_rig.h"
#include "tests/unit/queue_fixture.h"

#define PATIENCE_MS 30000
#define SETUP_MAX   8192
#define NO_SERVER   PATH_LIBEXEC "/no-server"

struct guest_rig guest_rig;

/* ---- the program ---- */

static int
greet(void)
{
	char text[SETUP_MAX];
	struct listen_setup s;
	struct frame f;
	struct err e;
	ssize_t n = recv(LISTEN_FD, text, sizeof(text), 0);

	if (n <= 0 || frame_parse(text, (size_t)n, &f) != n ||
	    listen_get_setup(&f, &s, &e) == -1)
		return -1;
	dprintf(STDOUT_FILENO, "%s %s %s %s %llu %u %d%s\n", s.listener,
	    s.client, s.hostname, s.domain, (unsigned long long)s.size_max,
	    s.rcpts_max, (int)s.bare_newline, s.is_crowded ? " crowded" : "");
	listen_setup_clear(&s);
	return 0;
}

static int
ask(void)
{
	const struct client_words words = { .helo = "copier" };
	char text[FDPASS_TEXT_MAX];
	struct buf b;
	int fd, rc;

	buf_init(&b, LISTEN_ASK_MAX);
	rc = client_words_put(&b, &words) == 0 &&
		     send(LISTEN_FD, b.data, b.len, MSG_NOSIGNAL) ==
			 (ssize_t)b.len
		 ? 0
		 : -1;
	buf_clear(&b);
	if (rc == -1 || fdpass_recv(LISTEN_FD, &fd, text,
			    clock_mono_ms() + PATIENCE_MS, NULL) == -1)
		return dprintf(STDOUT_FILENO, "no answer\n");
	dprintf(STDOUT_FILENO, "%s\n", fd == -1 ? text : "got");
	/* The test is the queue process: it hears which one of us has it. */
	if (fd != -1 && write(fd, "!", 1) == 1)
		close(fd);
	return 0;
}

static int
act(void)
{
	char octet = 0;

	if (greet() == -1)
		return 1;
	while (octet != 'q' && read(STDIN_FILENO, &octet, 1) == 1) {
		if (octet == 'm')
			ask();
		if (octet == 'x')
			(void)send(LISTEN_FD, "?", 1, MSG_NOSIGNAL);
	}
	return 0;
}

void
guest_rig_program(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[0], PATH_LIBEXEC "/smtpd") != 0)
		return;
	if (strcmp(argv[1], "-l") == 0)
		_exit(act());
	_exit(access(NO_SERVER, F_OK) == 0 ? 1 : fork_server_run(act));
}

void
guest_rig_without_servers(void)
{
	assert_int_equal(close(creat(NO_SERVER, 0600)), 0);
}

/* ---- around it ---- */

static void
link_program(void)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	(void)mkdir(PATH_LIBEXEC, 0700);
	(void)unlink(PATH_LIBEXEC "/smtpd");
	assert_int_equal(symlink(self, PATH_LIBEXEC "/smtpd"), 0);
}

int
guest_rig_open(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	(void)state;
	link_program();
	guest_rig.folder = fixture_directory();
	guest_rig.submit =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(
	    un.sun_path, sizeof(un.sun_path), "%s/submit", guest_rig.folder);
	assert_int_equal(
	    bind(guest_rig.submit, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(listen(guest_rig.submit, 64), 0);
	return 0;
}

int
guest_rig_close(void **state)
{
	(void)state;
	close(guest_rig.submit);
	fixture_remove(guest_rig.folder);
	(void)unlink(PATH_LIBEXEC "/smtpd");
	(void)unlink(NO_SERVER);
	(void)rmdir(PATH_LIBEXEC);
	return 0;
}

struct conf *
guest_rig_conf(const char *listeners)
{
	const struct conf_host host = { "web01", "contoso.example", NULL };
	struct conf_problems p;
	char *text = xasprintf("[queue]\nsocket_directory = %s\n[account]\n"
			       "user = a@contoso.com\npassword_file = pw\n%s",
	    guest_rig.folder, listeners);
	struct conf *c;

	memset(&p, 0, sizeof(p));
	c = conf_parse("f", text, strlen(text), CONF_FULL, &host, &p);
	if (c == NULL)
		fail_msg("%s", p.errors.v[0]);
	conf_problems_clear(&p);
	free(text);
	return c;
}

static void
wait_for(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

void
guest_rig_line(int fd, char *line, size_t size)
{
	size_t n = 0;

	do {
		wait_for(fd);
		assert_true(n < size);
		assert_int_equal(read(fd, line + n, 1), 1);
	} while (line[n++] != '\n');
	line[n - 1] = '\0';
}

int
guest_rig_origin(
    const unsigned char *token, const char *listener, const char *client)
{
	struct submit_origin o;
	struct frame f;
	struct buf b;
	struct err e;
	int fd;
	ssize_t n = 0;

	wait_for(guest_rig.submit);
	fd = accept(guest_rig.submit, NULL, NULL);
	assert_true(fd >= 0);
	buf_init(&b, 65536);
	while (frame_parse(buf_data(&b), b.len, &f) == 0) {
		char c;

		wait_for(fd);
		assert_int_equal(read(fd, &c, 1), 1);
		buf_append(&b, &c, 1);
	}
	n = frame_parse(buf_data(&b), b.len, &f);
	assert_int_equal(n, b.len);
	assert_int_equal(origin_get(&f, &o, &e), 0);
	assert_memory_equal(o.token, token, sizeof(o.token));
	assert_string_equal(o.listener, listener);
	assert_string_equal(o.client, client);
	assert_string_equal(o.words.helo, "copier");
	origin_clear(&o);
	buf_clear(&b);
	return fd;
}
