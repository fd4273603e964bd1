/* SPDX-License-Identifier: ISC */
/*
 * Replay of a real drop folder: what becomes mail and goes, what stays, and
 * what is put aside.
 */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/drop_line.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "queue/dropdir.h"
#include "tests/unit/office.h"

static struct {
	struct office o;
	struct dropdir *d;
	size_t rounds;
} rig;

static void
on_round(void *arg)
{
	(void)arg;
	rig.rounds++;
}

static struct dropdir *
watch(struct office *o)
{
	const struct dropdir_parts parts = { o->parts.base, o->conf,
		o->parts.admit, clock_wall, on_round, NULL };

	return dropdir_new(&parts, &o->e);
}

static void
up(const char *options)
{
	memset(&rig, 0, sizeof(rig));
	office_open(&rig.o, options);
	if ((rig.d = watch(&rig.o)) == NULL)
		fail_msg("%s", rig.o.e.text);
}

static void
down(void)
{
	dropdir_free(rig.d);
	office_run(&rig.o);
	office_close(&rig.o);
}

static char *
path_of(const char *name)
{
	return xasprintf("%s/drop/%s", rig.o.directory, name);
}

/* A whole submission of octets, as the front end writes it. */
static void
drop(const char *name, uint8_t number, const char *rcpt, size_t octets)
{
	struct submit_head head = {
		.id = { number }, .created_at = T0, .version = SUBMIT_VERSION
	};
	char *path = path_of(name), piece[1000];
	struct envelope env;
	struct buf b;
	size_t at, n;
	int fd;

	envelope_init(&env);
	env.sender = xstrdup("a@example.com");
	envelope_add(&env, rcpt);
	buf_init(&b, octets + octets / 100 + FRAME_RECV_MAX);
	drop_line_put(&b, SUBMIT_VERSION);
	assert_int_equal(submit_put_envelope(&b, &head, &env), 0);
	memset(piece, 'x', sizeof(piece));
	for (at = 0; at < octets; at += n) {
		n = octets - at < sizeof(piece) ? octets - at : sizeof(piece);
		assert_int_equal(frame_put_raw(&b, SUBMIT_DATA, piece, n), 0);
	}
	submit_put_end(&b, octets);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0640);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, buf_data(&b), b.len), b.len);
	close(fd);
	envelope_clear(&env);
	buf_clear(&b);
	free(path);
}

static bool
is_there(const char *name)
{
	char *path = path_of(name);
	bool found = access(path, F_OK) == 0;

	free(path);
	return found;
}

static size_t
files(void)
{
	char *path = path_of("");
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

/* A round, to its end. */
static void
round_trip(void)
{
	size_t before = rig.rounds, turn;

	dropdir_begin(rig.d);
	for (turn = 0; rig.rounds == before && turn < 10000; turn++)
		event_base_loop(rig.o.parts.base, EVLOOP_NONBLOCK);
	assert_true(rig.rounds > before);
}

static void
mail_goes_in_and_its_file_away(void **state)
{
	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	drop("one", 1, "b@example.com", 20);
	drop("two", 2, "c@example.com", 3 * 1024 * 1024);
	round_trip();
	assert_int_equal(files(), 0);
	assert_non_null(strstr(office_list(&rig.o), "b@example.com queued"));
	assert_non_null(strstr(office_list(&rig.o), "c@example.com queued"));
	down();
}

/*
 * Wherever the parts of a large message end, and its file: the last of it may
 * lie in memory while the part before it is stored.
 */
static void
large_mail_of_any_size_goes_in(void **state)
{
	size_t octets;

	(void)state;
	for (octets = 1000 * 1000; octets < 1180 * 1000; octets += 20000) {
		up(OFFICE_ADMIN OFFICE_ACCOUNT);
		drop("one", 1, "b@example.com", octets);
		round_trip();
		assert_int_equal(files(), 0);
		down();
	}
}

static void
a_repeat_is_taken_once(void **state)
{
	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	drop("one", 1, "b@example.com", 20);
	round_trip();
	/* Its removal failed, or a crash came before it. */
	drop("again", 1, "b@example.com", 20);
	round_trip();
	assert_int_equal(files(), 0);
	assert_string_equal(office_list(&rig.o),
	    "mail <a@example.com> to b@example.com queued");
	down();
}

static void
a_file_is_noticed_without_a_round(void **state)
{
	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	office_run(&rig.o);
	drop("one", 1, "b@example.com", 20);
	office_run(&rig.o);
	assert_int_equal(files(), 0);
	assert_string_equal(office_list(&rig.o),
	    "mail <a@example.com> to b@example.com queued");
	down();
}

static void
what_is_refused_for_now_stays(void **state)
{
	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	rig.o.conf->queue.free_space_min = UINT64_MAX;
	drop("one", 1, "b@example.com", 20);
	drop("two", 2, "c@example.com", 20);
	round_trip();
	assert_true(is_there("one") && is_there("two"));
	/* Its owner's other files need not be opened in this round. */
	assert_int_equal(office_logged(&rig.o, "event=drop-file-waits"), 1);
	rig.o.conf->queue.free_space_min = 0;
	round_trip();
	assert_int_equal(files(), 0);
	assert_int_equal(office_logged(&rig.o, "event=replayed"), 2);
	down();
}

static void
what_is_refused_for_ever_is_put_aside(void **state)
{
	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	drop("bad", 1, "b@", 20);
	drop("good", 2, "b@example.com", 20);
	round_trip();
	assert_true(is_there("aside.bad") && !is_there("bad"));
	assert_int_equal(files(), 1);
	assert_string_equal(office_list(&rig.o),
	    "mail <a@example.com> to b@example.com queued");
	/* And left alone from then on. */
	round_trip();
	assert_true(is_there("aside.bad") && files() == 1);
	assert_int_equal(office_logged(&rig.o, "event=drop-file-aside"), 1);
	down();
}

static void
odd_things_are_left_alone(void **state)
{
	char *path;

	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	office_write(&rig.o, "drop/text", "To: bob\n");
	office_write(&rig.o, "drop/.hidden", "x");
	office_write(&rig.o, "drop/unfinished", "mailchute drop 1\n");
	path = path_of("folder");
	assert_int_equal(mkdir(path, 0700), 0);
	round_trip();
	assert_true(is_there("aside.text") && is_there(".hidden") &&
		    is_there("unfinished") && is_there("folder"));
	assert_string_equal(office_list(&rig.o), "");
	/* Told once, however often it is seen. */
	round_trip();
	assert_int_equal(office_logged(&rig.o, "event=drop-file-odd"), 1);
	assert_int_equal(rmdir(path), 0);
	free(path);
	path = path_of(".hidden");
	assert_int_equal(unlink(path), 0);
	free(path);
	down();
}

/* A file of a newer version waits, and its owner's others do not. */
static void
newer_files_hold_up_nobody(void **state)
{
	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	office_write(&rig.o, "drop/newer", "mailchute drop 2\nmuch to come");
	drop("one", 1, "b@example.com", 20);
	drop("two", 2, "c@example.com", 20);
	round_trip();
	round_trip();
	assert_true(is_there("newer"));
	assert_int_equal(files(), 1);
	assert_int_equal(office_logged(&rig.o, "event=replayed"), 2);
	assert_int_equal(office_logged(&rig.o, "event=drop-file-newer"), 1);
	down();
}

/* More than is read side by side, and more than a slice of the folder. */
static void
a_full_folder_is_emptied(void **state)
{
	char name[32];
	unsigned i;

	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		drop(name, (uint8_t)(i % 256), "b@example.com", i);
	}
	round_trip();
	assert_int_equal(files(), 0);
	down();
}

/* One owner's share of a round, and the rest in the next, at once. */
static void
an_owner_s_heap_takes_more_rounds(void **state)
{
	char name[32];
	unsigned i;

	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 1100; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		drop(name, 1, "b@example.com", 1);
	}
	round_trip();
	assert_int_equal(files(), 0);
	assert_string_equal(office_list(&rig.o),
	    "mail <a@example.com> to b@example.com queued");
	down();
}

static void
others_go_on_beside_one_who_is_refused(void **state)
{
	char *path;

	(void)state;
	if (geteuid() != 0)
		skip();
	up(OFFICE_ADMIN OFFICE_ACCOUNT "[queue]\nuid_messages = 1\n");
	drop("a1", 1, "b@example.com", 1);
	drop("a2", 2, "b@example.com", 1);
	drop("b1", 1, "c@example.com", 1);
	path = path_of("a1");
	assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
	free(path);
	path = path_of("a2");
	assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
	free(path);
	path = path_of("b1");
	assert_int_equal(chown(path, 12346, (gid_t)-1), 0);
	free(path);
	round_trip();
	round_trip();
	/* As many as he may have; the other has the same number and file. */
	assert_int_equal(files(), 1);
	assert_false(is_there("b1"));
	assert_true(is_there("a1") || is_there("a2"));
	assert_non_null(strstr(office_list(&rig.o), "c@example.com queued"));
	down();
}

static void
an_empty_folder_is_a_round(void **state)
{
	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	round_trip();
	round_trip();
	down();
	dropdir_free(NULL);
}

static void
a_folder_that_is_missing_is_told(void **state)
{
	struct office o;
	char *path;

	(void)state;
	office_open(&o, OFFICE_ADMIN OFFICE_ACCOUNT);
	path = xasprintf("%s/drop", o.directory);
	assert_int_equal(rmdir(path), 0);
	assert_null(watch(&o));
	assert_non_null(strstr(o.e.text, "queue.drop_directory"));
	/* A file in its place neither. */
	office_write(&o, "drop", "x");
	assert_null(watch(&o));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	free(path);
	office_close(&o);
}

/* Ended in the middle of a round, with files half read. */
static void
an_end_at_any_moment_leaves_the_files(void **state)
{
	char name[32];
	unsigned i;

	(void)state;
	up(OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		drop(name, (uint8_t)i, "b@example.com", 2 * 1024 * 1024);
	}
	dropdir_begin(rig.d);
	assert_int_equal(files(), 40);
	down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_goes_in_and_its_file_away),
		cmocka_unit_test(large_mail_of_any_size_goes_in),
		cmocka_unit_test(a_repeat_is_taken_once),
		cmocka_unit_test(a_file_is_noticed_without_a_round),
		cmocka_unit_test(what_is_refused_for_now_stays),
		cmocka_unit_test(what_is_refused_for_ever_is_put_aside),
		cmocka_unit_test(odd_things_are_left_alone),
		cmocka_unit_test(newer_files_hold_up_nobody),
		cmocka_unit_test(a_full_folder_is_emptied),
		cmocka_unit_test(an_owner_s_heap_takes_more_rounds),
		cmocka_unit_test(others_go_on_beside_one_who_is_refused),
		cmocka_unit_test(an_empty_folder_is_a_round),
		cmocka_unit_test(a_folder_that_is_missing_is_told),
		cmocka_unit_test(an_end_at_any_moment_leaves_the_files),
	};

	return cmocka_run_group_tests_name("dropdir_round", tests, NULL, NULL);
}
