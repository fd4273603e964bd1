/* SPDX-License-Identifier: ISC */
/*
 * Replay of a real drop folder: what becomes mail and goes, what stays, and
 * what is put aside.
 */
#include "config.h"

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "tests/unit/drop_rig.h"

#define MAIL(id, to, n) \
	((struct drop_mail){ .number = (id), .rcpt = (to), .octets = (n) })

static void
mail_goes_in_and_its_file_away(void **state)
{
	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	drop_put("one", MAIL(1, "b@example.com", 20));
	drop_put("two", MAIL(2, "c@example.com", 3 * 1024 * 1024));
	drop_round();
	assert_int_equal(drop_files(), 0);
	assert_non_null(
	    strstr(office_list(&drop_rig.o), "b@example.com queued"));
	assert_non_null(
	    strstr(office_list(&drop_rig.o), "c@example.com queued"));
	drop_down();
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
		drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
		drop_put("one", MAIL(1, "b@example.com", octets));
		drop_round();
		assert_int_equal(drop_files(), 0);
		drop_down();
	}
}

static void
a_repeat_is_taken_once(void **state)
{
	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	drop_put("one", MAIL(1, "b@example.com", 20));
	drop_round();
	/* Its removal failed, or a crash came before it. */
	drop_put("again", MAIL(1, "b@example.com", 20));
	drop_round();
	assert_int_equal(drop_files(), 0);
	assert_string_equal(office_list(&drop_rig.o),
	    "mail <a@example.com> to b@example.com queued");
	drop_down();
}

static void
a_file_is_noticed_without_a_round(void **state)
{
	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	office_run(&drop_rig.o);
	drop_put("one", MAIL(1, "b@example.com", 20));
	office_run(&drop_rig.o);
	assert_int_equal(drop_files(), 0);
	assert_string_equal(office_list(&drop_rig.o),
	    "mail <a@example.com> to b@example.com queued");
	drop_down();
}

static void
what_is_refused_for_now_stays(void **state)
{
	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	drop_rig.o.conf->queue.free_space_min = UINT64_MAX;
	drop_put("one", MAIL(1, "b@example.com", 20));
	drop_put("two", MAIL(2, "c@example.com", 20));
	drop_round();
	assert_true(drop_is_there("one") && drop_is_there("two"));
	drop_rig.o.conf->queue.free_space_min = 0;
	drop_rig.mono_ms += 60 * 1000;
	drop_round();
	drop_rig.mono_ms += 60 * 1000;
	drop_round();
	assert_int_equal(drop_files(), 0);
	assert_int_equal(office_logged(&drop_rig.o, "event=replayed"), 2);
	drop_down();
}

/* Neither a round nor a new file of his makes it sooner. */
static void
who_is_refused_for_now_has_longer_and_longer_pauses(void **state)
{
	static const unsigned tries_after_minutes[] = { 1, 2, 2, 3, 3, 3, 3, 4,
		4, 4, 4, 4, 4, 4, 5 };
	char name[32];
	size_t i;

	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	drop_rig.o.conf->queue.free_space_min = UINT64_MAX;
	for (i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "f%zu", i);
		drop_put(name, MAIL((uint8_t)i, "b@example.com", 20));
	}
	for (i = 0; i < sizeof(tries_after_minutes) / sizeof(unsigned); i++) {
		drop_round();
		snprintf(name, sizeof(name), "new%zu", i);
		drop_put(name, MAIL((uint8_t)(100 + i), "b@example.com", 20));
		office_run(&drop_rig.o);
		drop_round();
		/* In the first, those that were read beside one another. */
		if (i > 0)
			assert_int_equal(
			    office_logged(&drop_rig.o, "event=drop-file-waits"),
			    tries_after_minutes[i] + 7);
		drop_rig.mono_ms += 60 * 1000;
	}
	drop_rig.o.conf->queue.free_space_min = 0;
	drop_rig.mono_ms += 60 * 60 * 1000;
	drop_round();
	assert_int_equal(drop_files(), 0);
	drop_down();
}

/* It is larger than its owner may have waiting; his others are not. */
static void
a_file_that_is_refused_keeps_no_other_back(void **state)
{
	char name[32];
	unsigned i;

	(void)state;
	if (geteuid() != 0)
		skip();
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT "[queue]\nuid_bytes = 20K\n");
	drop_put(
	    "large", (struct drop_mail){
			 .number = 200, .owner = 12345, .octets = 40 * 1024 });
	drop_round();
	assert_int_equal(
	    office_logged(&drop_rig.o, "event=drop-file-waits"), 1);
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "small%u", i);
		drop_put(name,
		    (struct drop_mail){
			.number = (uint8_t)i, .owner = 12345, .octets = 20 });
	}
	drop_rig.mono_ms += 60 * 1000;
	drop_round();
	assert_true(drop_is_there("large"));
	assert_int_equal(drop_files(), 1);
	drop_down();
}

static void
what_is_no_message_is_put_aside(void **state)
{
	static const char junk[] = "mailchute drop 1\n"
				   "\002\0\0\0\001x"
				   "\005\0\0\0\r\021\0\0\0"
				   "\b\0\0\0\0\0\0\0";

	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	/* With the last NUL of the literal: an END, behind an odd frame. */
	drop_write("bad", junk, sizeof(junk));
	drop_put("good", MAIL(2, "b@example.com", 20));
	drop_round();
	assert_true(drop_is_there("aside.bad") && !drop_is_there("bad"));
	assert_int_equal(drop_files(), 1);
	assert_string_equal(office_list(&drop_rig.o),
	    "mail <a@example.com> to b@example.com queued");
	/* And left alone from then on. */
	drop_round();
	assert_true(drop_is_there("aside.bad") && drop_files() == 1);
	assert_int_equal(
	    office_logged(&drop_rig.o, "event=drop-file-aside"), 1);
	/* One more of that name takes nothing's place. */
	drop_write("bad", junk, sizeof(junk));
	drop_round();
	assert_int_equal(drop_files(), 2);
	assert_true(drop_is_there("aside.bad"));
	drop_down();
}

static void
odd_things_are_left_alone(void **state)
{
	char *path;

	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	office_write(&drop_rig.o, "drop/text", "To: bob\n");
	office_write(&drop_rig.o, "drop/.hidden", "x");
	office_write(&drop_rig.o, "drop/unfinished", "mailchute drop 1\n");
	path = drop_path("folder");
	assert_int_equal(mkdir(path, 0700), 0);
	drop_round();
	assert_true(drop_is_there("aside.text") && drop_is_there(".hidden") &&
		    drop_is_there("unfinished") && drop_is_there("folder"));
	assert_string_equal(office_list(&drop_rig.o), "");
	/* Told once, however often it is seen. */
	drop_round();
	assert_int_equal(office_logged(&drop_rig.o, "event=drop-file-odd"), 1);
	assert_int_equal(
	    office_logged(&drop_rig.o, "text=\"it is a folder"), 1);
	/* Another name is another thing. */
	office_write(&drop_rig.o, "drop/FOLDER", "");
	assert_int_equal(rmdir(path), 0);
	drop_round();
	assert_int_equal(office_logged(&drop_rig.o, "event=drop-file-odd"), 1);
	assert_int_equal(mkdir(path, 0700), 0);
	drop_round();
	assert_int_equal(office_logged(&drop_rig.o, "event=drop-file-odd"), 2);
	assert_int_equal(rmdir(path), 0);
	free(path);
	path = drop_path(".hidden");
	assert_int_equal(unlink(path), 0);
	free(path);
	drop_down();
}

/* A file of a newer version waits, and its owner's others do not. */
static void
newer_files_hold_up_nobody(void **state)
{
	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	office_write(
	    &drop_rig.o, "drop/newer", "mailchute drop 2\nmuch to come");
	drop_put("one", MAIL(1, "b@example.com", 20));
	drop_put("two", MAIL(2, "c@example.com", 20));
	drop_round();
	drop_round();
	assert_true(drop_is_there("newer"));
	assert_int_equal(drop_files(), 1);
	assert_int_equal(office_logged(&drop_rig.o, "event=replayed"), 2);
	assert_int_equal(
	    office_logged(&drop_rig.o, "event=drop-file-newer"), 1);
	drop_down();
}

/* More than is read side by side, and more than a slice of the folder. */
static void
a_full_folder_is_emptied(void **state)
{
	char name[32];
	unsigned i;

	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		drop_put(name, MAIL((uint8_t)(i % 256), "b@example.com", i));
	}
	drop_round();
	assert_int_equal(drop_files(), 0);
	drop_down();
}

/* One owner's share of a round, and the rest in the next, at once. */
static void
an_owner_s_heap_takes_more_rounds(void **state)
{
	char name[32];
	unsigned i;

	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 1100; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		drop_put(name, MAIL(1, "b@example.com", 1));
	}
	drop_round();
	assert_int_equal(drop_files(), 0);
	assert_string_equal(office_list(&drop_rig.o),
	    "mail <a@example.com> to b@example.com queued");
	drop_down();
}

static void
others_go_on_beside_one_who_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT "[queue]\nuid_messages = 1\n");
	drop_put("a1", (struct drop_mail){ .number = 1, .owner = 12345 });
	drop_put("a2", (struct drop_mail){ .number = 2, .owner = 12345 });
	drop_put(
	    "b1", (struct drop_mail){
		      .number = 1, .owner = 12346, .rcpt = "c@example.com" });
	drop_round();
	drop_round();
	/* As many as he may have; the other has the same number and file. */
	assert_int_equal(drop_files(), 1);
	assert_false(drop_is_there("b1"));
	assert_true(drop_is_there("a1") || drop_is_there("a2"));
	assert_non_null(
	    strstr(office_list(&drop_rig.o), "c@example.com queued"));
	drop_down();
}

static void
an_empty_folder_is_a_round(void **state)
{
	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	drop_round();
	drop_round();
	drop_down();
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
	assert_null(drop_watch(&o));
	assert_non_null(strstr(o.e.text, "queue.drop_directory"));
	/* A file in its place neither. */
	office_write(&o, "drop", "x");
	assert_null(drop_watch(&o));
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
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		drop_put(
		    name, MAIL((uint8_t)i, "b@example.com", 2 * 1024 * 1024));
	}
	for (i = 0; i < 10; i++) {
		dropdir_begin(drop_rig.d);
		drop_turn();
		dropdir_free(drop_rig.d);
		drop_rig.d = drop_watch(&drop_rig.o);
		assert_non_null(drop_rig.d);
	}
	assert_int_equal(drop_files(), 40);
	dropdir_begin(drop_rig.d);
	for (i = 0; i < 7; i++)
		drop_turn();
	drop_down();
}

/* Frames that hold nothing cost time as well, and there are millions. */
static void
a_file_that_is_slow_to_read_delays_no_other(void **state)
{
	struct buf b, slow;
	size_t i;

	(void)state;
	drop_up(OFFICE_ADMIN OFFICE_ACCOUNT);
	drop_frames(&b, MAIL(1, "b@example.com", 0));
	buf_init(&slow, 32 * 1024 * 1024);
	/* In front of END, which ends what is there. */
	buf_append(&slow, buf_data(&b), b.len - 2 * FRAME_HEAD - 8);
	for (i = 0; i < 2 * 1024 * 1024; i++)
		frame_put_raw(&slow, SUBMIT_DATA, "", 0);
	submit_put_end(&slow, 0);
	drop_write("slow", buf_data(&slow), slow.len);
	dropdir_begin(drop_rig.d);
	for (i = 0; i < 5; i++)
		drop_turn();
	drop_put("quick", MAIL(2, "c@example.com", 20));
	for (i = 0; i < 100 && drop_is_there("quick"); i++)
		drop_turn();
	assert_false(drop_is_there("quick"));
	assert_true(drop_is_there("slow"));
	drop_round();
	assert_int_equal(drop_files(), 0);
	buf_clear(&slow);
	buf_clear(&b);
	drop_down();
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
		cmocka_unit_test(
		    who_is_refused_for_now_has_longer_and_longer_pauses),
		cmocka_unit_test(a_file_that_is_refused_keeps_no_other_back),
		cmocka_unit_test(what_is_no_message_is_put_aside),
		cmocka_unit_test(odd_things_are_left_alone),
		cmocka_unit_test(newer_files_hold_up_nobody),
		cmocka_unit_test(a_full_folder_is_emptied),
		cmocka_unit_test(an_owner_s_heap_takes_more_rounds),
		cmocka_unit_test(others_go_on_beside_one_who_is_refused),
		cmocka_unit_test(an_empty_folder_is_a_round),
		cmocka_unit_test(a_folder_that_is_missing_is_told),
		cmocka_unit_test(an_end_at_any_moment_leaves_the_files),
		cmocka_unit_test(a_file_that_is_slow_to_read_delays_no_other),
	};

	return cmocka_run_group_tests_name("dropdir_round", tests, NULL, NULL);
}
