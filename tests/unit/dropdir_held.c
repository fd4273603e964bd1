/* SPDX-License-Identifier: ISC */
/*
 * The drop folder is the one that is held, whatever bears its name; and it is
 * looked at each minute, whether or not anything was noticed.
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "tests/unit/drop_rig.h"

static time_t ahead_s; /* of the real clocks */

/* In place of the system's: libevent's timers go by it, too. */
int tell_time(clockid_t which, struct timespec *now) __asm__("clock_gettime");

int
tell_time(clockid_t which, struct timespec *now)
{
	int rc = (int)syscall(SYS_clock_gettime, which, now);

	now->tv_sec += ahead_s;
	return rc;
}

static void
put_numbered(unsigned from, unsigned to, const char *rcpt)
{
	char name[16];
	unsigned i;

	for (i = from; i < to; i++) {
		snprintf(name, sizeof(name), "file%u", i);
		drop_put(name,
		    (struct drop_mail){
			.number = (uint8_t)i, .rcpt = rcpt, .octets = 10 });
	}
}

/* The names of the one that is held, and more, lie in another of its name. */
static void
an_impostor_is_not_read(void **state)
{
	char *folder, *away;
	unsigned turn;
	size_t left;

	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	put_numbered(0, 50, "held@example.com");
	folder = drop_path("");
	away = xasprintf("%s/away", drop_rig.o.directory);
	folder[strlen(folder) - 1] = '\0';
	dropdir_begin(drop_rig.d);
	drop_turn(); /* some are read, others stand in line */
	left = drop_files();
	assert_int_equal(rename(folder, away), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	put_numbered(0, 100, "impostor@example.com");
	for (turn = 0; drop_rig.rounds == 0 && turn < 1000; turn++)
		drop_turn();
	assert_int_equal(drop_rig.rounds, 1);
	dropdir_begin(drop_rig.d);
	for (turn = 0; drop_rig.rounds == 1 && turn < 1000; turn++)
		drop_turn();
	assert_true(left > 0);
	assert_null(strstr(office_list(&drop_rig.o), "impostor"));
	assert_non_null(strstr(office_list(&drop_rig.o), "held@example.com"));
	assert_int_equal(drop_files(), 100);
	/* Those of the held one were read and removed, each of them. */
	assert_int_equal(rmdir(away), 0);
	free(away);
	free(folder);
	drop_down();
}

/* A whole file appears without any event that the folder is watched for. */
static void
put_unnoticed(const char *name)
{
	char *outside = xasprintf("%s/outside", drop_rig.o.directory);
	char *path = drop_path(name);
	struct buf b;
	int fd = open(outside, O_WRONLY | O_CREAT | O_EXCL, 0640);

	drop_frames(
	    &b, (struct drop_mail){
		    .number = 1, .rcpt = "b@example.com", .octets = 10 });
	assert_int_equal(write(fd, buf_data(&b), b.len), b.len);
	assert_int_equal(close(fd), 0);
	assert_int_equal(link(outside, path), 0);
	assert_int_equal(unlink(outside), 0);
	buf_clear(&b);
	free(path);
	free(outside);
}

static void
turn_some(void)
{
	int i;

	for (i = 0; i < 20; i++)
		drop_turn();
}

static void
a_round_comes_each_minute(void **state)
{
	int n;

	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	turn_some();
	for (n = 0; n < 3; n++) {
		put_unnoticed("unnoticed");
		turn_some();
		ahead_s += 45;
		turn_some();
		assert_true(drop_is_there("unnoticed"));
		ahead_s += 16;
		turn_some();
		assert_false(drop_is_there("unnoticed"));
		assert_int_equal(drop_rig.rounds, n + 1);
	}
	ahead_s = 0;
	drop_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_impostor_is_not_read),
		cmocka_unit_test(a_round_comes_each_minute),
	};

	return cmocka_run_group_tests_name("dropdir_held", tests, NULL, NULL);
}
