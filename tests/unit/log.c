/* SPDX-License-Identifier: ISC */
#include "config.h"

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

#include <cmocka.h>

#include "common/log.h"

static const struct {
	const char *raw, *escaped;
} escapes[] = {
	{ "plain text", "plain text" },
	{ "a\"b\\c", "a\\\"b\\\\c" },
	{ "line\r\nevent=forged", "line\\x0d\\x0aevent=forged" },
	{ "\033[2J\177", "\\x1b[2J\\x7f" },
	{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\xa8",
	    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\xa8" },
	/* C1 control, overlong slash, surrogate, beyond U+10FFFF, cut */
	{ "\xc2\x9b", "\\xc2\\x9b" },
	{ "\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
	{ "\xe2\x82", "\\xe2\\x82" },
};

static void
escapes_what_could_steer(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		buf_init(&b, LOG_LINE_MAX);
		log_escape(&b, escapes[i].raw);
		assert_string_equal(buf_data(&b), escapes[i].escaped);
		buf_clear(&b);
	}
}

/* What the log wrote to its pipe since the last call. */
static const char *
logged(const int pipe_fd[2])
{
	static char line[2 * LOG_LINE_MAX];
	ssize_t n = read(pipe_fd[0], line, sizeof(line) - 1);

	line[n < 0 ? 0 : n] = '\0';
	return line;
}

static void
open_pipe(int pipe_fd[2], int level)
{
	assert_int_equal(pipe(pipe_fd), 0);
	assert_int_equal(fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK), 0);
	log_open_fd("tester", pipe_fd[1], level);
}

static void
one_event_is_one_line(void **state)
{
	int fd[2];
	const char *line;

	(void)state;
	open_pipe(fd, LOG_INFO);
	log_event(LOG_INFO, "delivered", "id", "0192ABCDEF01", "none", NULL,
	    "text", "250 2.0.0 OK", "empty", "", NULL);
	line = logged(fd);
	assert_non_null(strstr(line, " tester["));
	assert_non_null(strstr(line, "event=delivered id=0192ABCDEF01 "
				     "text=\"250 2.0.0 OK\" empty=\"\""));
	assert_null(strstr(line, "none"));
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	close(fd[0]);
	close(fd[1]);
}

static void
lines_below_the_level_are_dropped(void **state)
{
	int fd[2];

	(void)state;
	open_pipe(fd, LOG_WARNING);
	log_event(LOG_INFO, "quiet", NULL);
	assert_string_equal(logged(fd), "");
	log_text(LOG_ERR, "loud", "%d times", 3);
	assert_non_null(strstr(logged(fd), "event=loud text=\"3 times\"\n"));
	close(fd[0]);
	close(fd[1]);
}

static void
a_line_has_a_cap(void **state)
{
	static char value[2 * LOG_LINE_MAX];
	struct buf b;
	int fd[2];

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	open_pipe(fd, LOG_INFO);
	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, "long");
	log_num(&b, "n", -7);
	log_str(&b, "key", value);
	log_str(&b, "more", value);
	log_end(&b, LOG_INFO);
	assert_non_null(strstr(logged(fd), "event=long n=-7 key=v"));
	buf_clear(&b);
	close(fd[0]);
	close(fd[1]);
}

static void
a_file_is_opened_anew(void **state)
{
	char folder[] = "/tmp/mailchute-log-XXXXXX";
	char path[64], moved[64];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
	snprintf(moved, sizeof(moved), "%s/log.1", folder);
	assert_int_equal(log_open("t", LOG_TO_FILE, path, LOG_INFO), 0);
	fd = log_fd();
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(log_open("t", LOG_TO_FILE, path, LOG_INFO), 0);
	assert_int_equal(fcntl(fd, F_GETFD), -1); /* the old one is closed */
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(
	    log_open("t", LOG_TO_FILE, "/dev/null/x", LOG_INFO), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(moved), 0);
	assert_int_equal(rmdir(folder), 0);
	/* The folder is gone: the old file goes on being used. */
	fd = log_fd();
	assert_int_equal(log_open("t", LOG_TO_FILE, path, LOG_INFO), -1);
	assert_int_equal(log_fd(), fd);
}

/* Somebody else has opened it anew, since we may not. */
static void
another_s_opening_is_taken_over(void **state)
{
	int fd[2], old;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(log_open("t", LOG_TO_FILE, "/dev/null", LOG_INFO), 0);
	old = log_fd();
	log_take_file(fd[1]);
	assert_int_equal(fcntl(old, F_GETFD), -1);
	log_event(LOG_INFO, "after", NULL);
	assert_non_null(strstr(logged(fd), "event=after\n"));
	/* Where lines go elsewhere, it is of no use. */
	assert_int_equal(log_open("t", LOG_TO_STDERR, NULL, LOG_INFO), 0);
	log_take_file(fd[0]);
	assert_int_equal(fcntl(fd[0], F_GETFD), -1);
	assert_int_equal(log_fd(), STDERR_FILENO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_what_could_steer),
		cmocka_unit_test(one_event_is_one_line),
		cmocka_unit_test(lines_below_the_level_are_dropped),
		cmocka_unit_test(a_line_has_a_cap),
		cmocka_unit_test(a_file_is_opened_anew),
		cmocka_unit_test(another_s_opening_is_taken_over),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
