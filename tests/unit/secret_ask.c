/* SPDX-License-Identifier: ISC */
/* How deliver takes its secret: of a file that others read, too, or a pipe. */
#include "config.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/memfile.h"
#include "common/proto_job.h"
#include "delivery/secret.h"

/* What secret_ask makes of fd, or of a text without one. */
static int
ask(int fd, const char *text, struct buf *out, struct err *e)
{
	int pair[2], rc;
	char octet;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(
	    fdpass_send(pair[0], fd, text, clock_mono_ms() + 60000, e), 0);
	buf_init(out, JOB_SECRET_MAX);
	rc = secret_ask(pair[1], out, e);
	assert_int_equal(recv(pair[0], &octet, 1, 0), 1);
	assert_int_equal(octet, 'S');
	close(pair[0]);
	close(pair[1]);
	return rc;
}

static void
assert_secret(int fd, const char *want)
{
	struct buf out;
	struct err e;

	assert_int_equal(ask(fd, "from", &out, &e), 0);
	assert_string_equal(buf_data(&out), want);
	buf_wipe(&out);
}

/* Each is given a descriptor of the same open file: they share its place. */
static void
two_read_one_token(void **state)
{
	char text[9000];
	struct err e;
	int fd = memfile_new("token", &e);

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	assert_int_equal(memfile_seal(fd, &e), 0);
	assert_secret(fd, text);
	assert_secret(fd, text);
	/* Nor does it move the place for whoever reads it another way. */
	assert_int_equal(lseek(fd, 0, SEEK_CUR), sizeof(text) - 1);
	close(fd);
}

static void
a_pipe_has_no_place(void **state)
{
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "hunter2\r\nmore", 13), 13);
	close(fd[1]);
	assert_secret(fd[0], "hunter2");
	close(fd[0]);
}

static void
a_refusal_says_whether_it_may_pass(void **state)
{
	struct buf out;
	struct err e;

	(void)state;
	assert_int_equal(ask(-1, "4 not yet", &out, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_non_null(strstr(e.text, "not yet"));
	assert_int_equal(ask(-1, "5 never", &out, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_read_one_token),
		cmocka_unit_test(a_pipe_has_no_place),
		cmocka_unit_test(a_refusal_says_whether_it_may_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
