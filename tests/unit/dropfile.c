/* SPDX-License-Identifier: ISC */
/* Names in the drop folder, as anyone may have made them. */
#include "config.h"

#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/drop_line.h"
#include "common/proto_submit.h"
#include "queue/dropfile.h"
#include "tests/unit/queue_fixture.h"

static struct {
	char *path;
	int dir;
	gid_t gid;
} folder;

static int
set_up(void **state)
{
	(void)state;
	folder.path = fixture_directory();
	folder.dir = open(folder.path, O_RDONLY | O_DIRECTORY);
	folder.gid = getegid();
	return folder.dir == -1 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	close(folder.dir);
	fixture_remove(folder.path);
	return 0;
}

static void
write_file(const char *name, const char *p, size_t n)
{
	int fd = openat(folder.dir, name, O_WRONLY | O_CREAT | O_EXCL, 0640);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

static void
whole_file(struct buf *b)
{
	buf_init(b, FRAME_MAX);
	drop_line_put(b, SUBMIT_VERSION);
	frame_put_raw(b, SUBMIT_DATA, "x\r\n", 3);
	submit_put_end(b, 3);
}

static enum dropfile_kind
look(const char *name, gid_t gid, int64_t now, struct dropfile *f)
{
	return dropfile_open(folder.dir, gid, name, 1000, now, f);
}

static void
a_whole_file_is_open_at_its_first_frame(void **state)
{
	struct dropfile f;
	struct buf b;
	char octet;

	(void)state;
	whole_file(&b);
	write_file("a", buf_data(&b), b.len);
	assert_int_equal(look("a", folder.gid, 0, &f), DROPFILE_COMPLETE);
	assert_int_equal(f.owner, geteuid());
	assert_int_equal(read(f.fd, &octet, 1), 1);
	assert_int_equal(octet, SUBMIT_DATA);
	close(f.fd);
	buf_clear(&b);
}

static void
every_shorter_file_waits_and_is_given_up(void **state)
{
	struct dropfile f;
	struct buf b;
	int64_t given_up_at;
	char name[32];
	struct stat st;
	size_t n;

	(void)state;
	whole_file(&b);
	for (n = 0; n < b.len; n++) {
		snprintf(name, sizeof(name), "f%zu", n);
		write_file(name, buf_data(&b), n);
		assert_int_equal(fstatat(folder.dir, name, &st, 0), 0);
		given_up_at = st.st_ctime + 24 * 3600;
		assert_int_equal(
		    look(name, folder.gid, given_up_at, &f), DROPFILE_LATER);
		assert_int_equal(look(name, folder.gid, given_up_at + 1, &f),
		    DROPFILE_NO_MESSAGE);
		assert_string_equal(f.why, "its writer gave up half-way");
		/* A clock that was set back makes nothing old. */
		assert_int_equal(look(name, folder.gid, 0, &f), DROPFILE_LATER);
	}
	buf_clear(&b);
}

static void
what_is_no_submission_is_put_aside(void **state)
{
	struct dropfile f;
	int fd;

	(void)state;
	write_file("text", "To: bob@example.com\n", 20);
	assert_int_equal(look("text", folder.gid, 0, &f), DROPFILE_NO_MESSAGE);
	write_file("big", "mailchute drop 1\n", 17);
	fd = openat(folder.dir, "big", O_WRONLY);
	assert_int_equal(ftruncate(fd, (off_t)100 * 1024 * 1024), 0);
	close(fd);
	assert_int_equal(look("big", folder.gid, 0, &f), DROPFILE_NO_MESSAGE);
}

/* Its writer lives: it was the clock that leapt, or the host that slept. */
static void
what_its_writer_holds_is_not_given_up(void **state)
{
	const int64_t leap = 100LL * 365 * 24 * 3600;
	struct dropfile f;
	struct buf b;
	int fd;

	(void)state;
	whole_file(&b);
	write_file("half", buf_data(&b), b.len - 1);
	fd = openat(folder.dir, "half", O_WRONLY | O_APPEND);
	assert_int_not_equal(fd, -1);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(
	    look("half", folder.gid, time(NULL) + leap, &f), DROPFILE_LATER);
	assert_int_equal(write(fd, buf_data(&b) + b.len - 1, 1), 1);
	/* Complete is complete, whoever holds it. */
	assert_int_equal(
	    look("half", folder.gid, time(NULL) + leap, &f), DROPFILE_COMPLETE);
	close(f.fd);
	assert_int_equal(ftruncate(fd, (off_t)b.len - 1), 0);
	close(fd);
	assert_int_equal(look("half", folder.gid, time(NULL) + leap, &f),
	    DROPFILE_NO_MESSAGE);
	buf_clear(&b);
}

/* What a newer sendmail wrote, whole or not, is kept for a newer daemon. */
static void
other_versions(void **state)
{
	static const struct {
		const char *text;
		enum dropfile_kind kind;
	} cases[] = {
		{ "mailchute drop 2\n", DROPFILE_NEWER },
		{ "mailchute drop 2\nwhat only it knows", DROPFILE_NEWER },
		{ "mailchute drop 999999999\n", DROPFILE_NEWER },
		{ "mailchute drop 0\nx", DROPFILE_NO_MESSAGE },
		{ "mailchute drop 02\nx", DROPFILE_NO_MESSAGE },
		{ "mailchute drop 1\r\nx", DROPFILE_NO_MESSAGE },
		{ "mailchute drop -1\nx", DROPFILE_NO_MESSAGE },
	};
	struct dropfile f;
	char name[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(name, sizeof(name), "v%zu", i);
		write_file(name, cases[i].text, strlen(cases[i].text));
		if (look(name, folder.gid, INT64_MAX, &f) != cases[i].kind)
			fail_msg("%s: %s", cases[i].text, f.why);
		assert_int_equal(f.fd, -1);
		if (cases[i].kind == DROPFILE_NEWER)
			assert_non_null(strstr(f.why, "a newer one"));
	}
}

/* Told apart without being opened, and once more when they are. */
static void
each_odd_thing_has_its_word(void **state)
{
	static const struct {
		const char *name, *word;
	} cases[] = { { "one", "more than one link" }, { "link", "symbolic" },
		{ "fifo", "pipe" }, { "dir", "folder" }, { "sock", "socket" } };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	struct dropfile f;
	size_t i;

	(void)state;
	write_file("one", "x", 1);
	assert_int_equal(linkat(folder.dir, "one", folder.dir, "two", 0), 0);
	assert_int_equal(symlinkat("one", folder.dir, "link"), 0);
	assert_int_equal(mkfifoat(folder.dir, "fifo", 0666), 0);
	assert_int_equal(mkdirat(folder.dir, "dir", 0755), 0);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/sock", folder.path);
	assert_int_equal(bind(s, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(s);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    dropfile_look(folder.dir, folder.gid, cases[i].name, &f),
		    DROPFILE_ODD);
		assert_non_null(strstr(f.why, cases[i].word));
		assert_int_equal(
		    look(cases[i].name, folder.gid, 0, &f), DROPFILE_ODD);
		assert_non_null(strstr(f.why, cases[i].word));
		assert_int_equal(f.fd, -1);
	}
	assert_int_equal(
	    dropfile_look(folder.dir, folder.gid, "gone", &f), DROPFILE_LATER);
	assert_int_equal(unlinkat(folder.dir, "two", 0), 0);
	assert_int_equal(
	    dropfile_look(folder.dir, folder.gid + 1, "one", &f), DROPFILE_ODD);
	assert_int_equal(dropfile_look(folder.dir, folder.gid, "one", &f),
	    DROPFILE_COMPLETE);
	assert_int_equal(f.owner, geteuid());
	assert_int_equal(unlinkat(folder.dir, "dir", AT_REMOVEDIR), 0);
}

static void
odd_things_are_left(void **state)
{
	struct dropfile f;
	struct buf b;

	(void)state;
	whole_file(&b);
	write_file("one", buf_data(&b), b.len);
	assert_int_equal(linkat(folder.dir, "one", folder.dir, "two", 0), 0);
	assert_int_equal(look("one", folder.gid, 0, &f), DROPFILE_ODD);
	assert_int_equal(symlinkat("one", folder.dir, "link"), 0);
	assert_int_equal(look("link", folder.gid, 0, &f), DROPFILE_ODD);
	assert_int_equal(mkfifoat(folder.dir, "fifo", 0666), 0);
	assert_int_equal(look("fifo", folder.gid, 0, &f), DROPFILE_ODD);
	write_file("group", buf_data(&b), b.len);
	assert_int_equal(look("group", folder.gid + 1, 0, &f), DROPFILE_ODD);
	assert_true(f.why[0] != '\0');
	assert_int_equal(look("gone", folder.gid, 0, &f), DROPFILE_LATER);
	buf_clear(&b);
}

#define in_folder(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* Set aside it would never be sent, though whoever dropped it got exit 0. */
static void
what_cannot_be_read_now_waits(void **state)
{
	int self = open("/proc/self", O_RDONLY | O_DIRECTORY);
	struct dropfile f;
	struct stat st;

	(void)state;
	assert_int_not_equal(self, -1);
	/* A regular file whose first octet gives EIO. */
	assert_int_equal(fstatat(self, "mem", &st, 0), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(
	    dropfile_open(self, st.st_gid, "mem", 1000, 0, &f), DROPFILE_LATER);
	close(self);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(a_whole_file_is_open_at_its_first_frame),
		in_folder(every_shorter_file_waits_and_is_given_up),
		in_folder(what_is_no_submission_is_put_aside),
		in_folder(other_versions),
		in_folder(odd_things_are_left),
		in_folder(each_odd_thing_has_its_word),
		in_folder(what_its_writer_holds_is_not_given_up),
		cmocka_unit_test(what_cannot_be_read_now_waits),
	};

	return cmocka_run_group_tests_name("dropfile", tests, NULL, NULL);
}
