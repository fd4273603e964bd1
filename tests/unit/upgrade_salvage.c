/* SPDX-License-Identifier: ISC */
/*
 * A damaged queue of an earlier version, met by a later program: what can be
 * read of it goes over by the names of its columns.
 */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/sql.h"
#include "tests/unit/queue_fixture.h"
#include "tests/unit/version_4.h"

/* The pages of version 1 on which its tables begin. */
#define PAGE_FIRST   1
#define PAGE_MESSAGE 2
#define PAGE_RCPTS   5
#define PAGE_EVENT   9

static void
ruin(const char *path, off_t page)
{
	char octets[SQL_PAGE_SIZE];
	int fd = open(path, O_WRONLY);

	memset(octets, 0xa5, sizeof(octets));
	assert_int_not_equal(fd, -1);
	assert_int_equal(pwrite(fd, octets, sizeof(octets),
			     (page - 1) * (off_t)sizeof(octets)),
	    sizeof(octets));
	close(fd);
}

/* Replaced by a queue of the later version, with so many messages in it. */
static void
replaced(const char *directory, const char *path, uint64_t saved, uint64_t lost)
{
	struct store_opened what;
	struct err e;

	if (open_and_close(directory, STORE_REPLACE, &what, &e) == -1)
		fail_msg("%s", e.text);
	assert_true(what.replaced);
	assert_false(what.by_hand);
	assert_int_equal(what.saved, saved);
	assert_int_equal(what.lost, lost);
	assert_int_equal(access(what.aside, F_OK), 0);
	assert_int_equal(version_of(path), 4);
	assert_int_equal(
	    fixture_number(directory, "SELECT count(*) FROM message"), saved);
	/* The copies that it was read by are gone. */
	assert_false(is_beside(path, ".copy") || is_beside(path, ".part") ||
		     is_beside(path, ".copy.first"));
}

static void
without_its_first_page(void **state)
{
	char *path, *directory = version_4_world(&path);

	(void)state;
	ruin(path, PAGE_FIRST);
	replaced(directory, path, STORED_MAIL, 0);
	assert_int_equal(
	    fixture_number(directory, "SELECT count(*) FROM message"
				      " WHERE class = 'plain'"),
	    STORED_MAIL);
	assert_int_equal(
	    fixture_number(directory, "SELECT count(*) FROM event"), 8);
	assert_int_equal(
	    fixture_number(directory, "SELECT count(*) FROM attempt"), 6);
	assert_int_equal(fixture_number(directory,
			     "SELECT count(*) FROM account"
			     " WHERE name = 'held' AND state = 'held'"),
	    1);
	assert_int_equal(fixture_number(directory, "SELECT count(*) FROM fact"
						   " WHERE name = 'paused'"),
	    1);
	version_4_remove(directory, path);
}

/* Only the later of the two has made it; its list of tables took more pages. */
static void
of_the_later_version_without_its_first_page(void **state)
{
	char *path, *directory = version_4_world(&path);
	struct store_opened what;
	struct err e;

	(void)state;
	assert_int_equal(open_and_close(directory, STORE_WRITE, &what, &e), 0);
	ruin(path, PAGE_FIRST);
	replaced(directory, path, STORED_MAIL, 0);
	version_4_remove(directory, path);
}

/* The step may have been made before the damage is met: then it holds. */
static void
without_a_page_of_a_table(void **state)
{
	static const struct {
		off_t page;
		uint64_t saved, lost;
	} cases[] = {
		/* What was never acknowledged is not known for that. */
		{ PAGE_MESSAGE, 0, STORED_MESSAGES },
		{ PAGE_RCPTS, 0, STORED_MAIL },
		{ PAGE_EVENT, STORED_MAIL, 0 },
	};
	char *path, *directory;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		directory = version_4_world(&path);
		ruin(path, cases[i].page);
		replaced(directory, path, cases[i].saved, cases[i].lost);
		version_4_remove(directory, path);
	}
}

/* Met in the middle of a step: the one before it holds, and nothing else is
 * changed but by a replacement. */
static void
damage_that_the_step_meets(void **state)
{
	char *path, *directory = version_4_world(&path);
	struct store_opened what;
	struct err e;

	(void)state;
	ruin(path, PAGE_MESSAGE);
	assert_int_equal(open_and_close(directory, STORE_WRITE, &what, &e), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	assert_non_null(strstr(e.text, "damaged"));
	assert_int_equal(version_of(path), 2);
	replaced(directory, path, 0, STORED_MESSAGES);
	version_4_remove(directory, path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_its_first_page),
		cmocka_unit_test(of_the_later_version_without_its_first_page),
		cmocka_unit_test(without_a_page_of_a_table),
		cmocka_unit_test(damage_that_the_step_meets),
	};

	log_open("test", LOG_TO_STDERR, NULL, LOG_EMERG);
	return cmocka_run_group_tests_name(
	    "upgrade_salvage", tests, NULL, NULL);
}
