/* SPDX-License-Identifier: ISC */
/* The drop folder: what is written, and what is left when it fails. */
#include "config.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/drop.h"
#include "common/xalloc.h"
#include "common/sysexit.h"

#define FILE_MAX (8 * 1024 * 1024)

struct place {
	char root[32], folder[64];
	struct envelope env;
	struct parcel *parcel;
	uint64_t left;
	bool breaks;
	unsigned looks; /* at the file while it was being written */
};

static char *only_file(const struct place *pl);

/* The daemon thinks a file given up by its writer only when it can lock it. */
static void
look_for_lock(struct place *pl)
{
	char *file = only_file(pl);
	int fd = file == NULL ? -1 : open(file, O_RDONLY);

	if (fd == -1)
		return;
	assert_int_equal(flock(fd, LOCK_SH | LOCK_NB), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	close(fd);
	free(file);
	pl->looks++;
}

static ssize_t
text_read(void *arg, void *p, size_t n, struct err *e)
{
	struct place *pl = arg;

	look_for_lock(pl);

	if (pl->left == 0 && pl->breaks)
		return err_set(e, ERR_LOCAL, "5.3.0", "the disk is gone");
	if (n > pl->left)
		n = (size_t)pl->left;
	memset(p, 'x', n);
	pl->left -= n;
	return (ssize_t)n;
}

static const char first_line[] = "mailchute drop 1\n";

/* A folder of the right mode and a parcel of so many octets. */
static void
set_up(struct place *pl, uint64_t size, uint64_t size_max)
{
	const struct submit_head head = { { 1, 2, 3 }, 1700000000,
		SUBMIT_VERSION };
	const struct source source = { text_read, NULL, pl };
	struct err e;

	memset(pl, 0, sizeof(*pl));
	strlcpy(pl->root, "/tmp/drop-test-XXXXXX", sizeof(pl->root));
	assert_non_null(mkdtemp(pl->root));
	snprintf(pl->folder, sizeof(pl->folder), "%s/drop", pl->root);
	assert_int_equal(mkdir(pl->folder, 0700), 0);
	assert_int_equal(chmod(pl->folder, 03733), 0);
	pl->left = size;
	envelope_init(&pl->env);
	pl->env.sender = xstrdup("a@b.example");
	envelope_add(&pl->env, "c@d.example");
	pl->parcel =
	    parcel_new(&head, &pl->env, &source, SIZE_LIMIT_QUEUE(size_max));
	assert_int_equal(parcel_fill(pl->parcel, &e), 0);
}

/* The one file of the folder, NULL when there is none; or its removal. */
static char *
only_file(const struct place *pl)
{
	DIR *d = opendir(pl->folder);
	struct dirent *entry;
	char *path = NULL;

	assert_non_null(d);
	while ((entry = readdir(d)) != NULL)
		if (entry->d_name[0] != '.') {
			assert_null(path);
			path = xasprintf("%s/%s", pl->folder, entry->d_name);
		}
	closedir(d);
	return path;
}

static void
tear_down(struct place *pl)
{
	char *file = only_file(pl);

	if (file != NULL)
		unlink(file);
	free(file);
	rmdir(pl->folder);
	rmdir(pl->root);
	parcel_free(pl->parcel);
	envelope_clear(&pl->env);
}

static void
read_file(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;
	char *to;

	assert_true(fd != -1);
	do {
		to = buf_reserve(b, 65536);
		assert_non_null(to);
		n = read(fd, to, 65536);
		assert_true(n >= 0);
		buf_grew(b, (size_t)n);
	} while (n > 0);
	close(fd);
}

/* The first line, ENVELOPE, RCPTS, DATA... and END, and nothing behind it. */
static void
check_frames(const struct buf *b, uint64_t size)
{
	const size_t line = sizeof(first_line) - 1;
	struct submit_head head = { .version = 0 };
	struct envelope env;
	uint64_t octets = 0, told = 0;
	struct frame f = { 0 };
	struct err e;
	ssize_t n;
	size_t at;

	assert_memory_equal(b->data, first_line, line);
	envelope_init(&env);
	for (at = line; at < b->len; at += (size_t)n) {
		n = frame_parse(b->data + at, b->len - at, &f);
		assert_true(n > 0);
		if (at == line)
			assert_int_equal(
			    submit_get_envelope(&f, &head, &env, &e), 0);
		else if (f.type == SUBMIT_RCPTS)
			assert_int_equal(submit_get_rcpts(&f, &env, &e), 0);
		else if (f.type == SUBMIT_DATA)
			octets += f.len;
		else
			assert_int_equal(submit_get_end(&f, &told, &e), 0);
	}
	assert_int_equal(f.type, SUBMIT_END);
	assert_int_equal(octets, size);
	assert_int_equal(told, size);
	assert_int_equal(head.id[1], 2);
	assert_string_equal(env.rcpts[0].address, "c@d.example");
	envelope_clear(&env);
}

static void
a_whole_file(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 65536, 65537, PARCEL_MEMORY,
		PARCEL_MEMORY + 1, 5000000 };
	struct place pl;
	struct drop d = { pl.folder, "nobody", true, false, 0 };
	struct stat st;
	struct buf b;
	struct err e;
	char *file;
	size_t i;
	mode_t old = umask(077);

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		set_up(&pl, sizes[i], 0);
		assert_int_equal(drop_write(&d, pl.parcel, &e), 0);
		file = only_file(&pl);
		assert_non_null(file);
		assert_int_equal(lstat(file, &st), 0);
		assert_true(S_ISREG(st.st_mode));
		assert_int_equal(st.st_mode & 07777, 0640);
		assert_int_equal(st.st_nlink, 1);
		buf_init(&b, FILE_MAX);
		read_file(file, &b);
		check_frames(&b, sizes[i]);
		assert_int_equal(pl.looks > 0, sizes[i] >= PARCEL_MEMORY);
		buf_clear(&b);
		free(file);
		tear_down(&pl);
	}
	umask(old);
}

/* A failure behind what memory holds; the file was begun by then. */
static void
no_file_is_left(void **state)
{
	struct place pl;
	struct drop d = { pl.folder, "nobody", false, false, 0 };
	struct err e;

	(void)state;
	set_up(&pl, 5000000, 3000000);
	assert_int_equal(drop_write(&d, pl.parcel, &e), -1);
	assert_int_equal(sysexit_of(&e), 69);
	assert_null(only_file(&pl));
	tear_down(&pl);

	set_up(&pl, 5000000, 0);
	pl.breaks = true;
	assert_int_equal(drop_write(&d, pl.parcel, &e), -1);
	assert_int_equal(sysexit_of(&e), 66);
	assert_null(only_file(&pl));
	tear_down(&pl);
}

/* As intake says it: for now, and what to do. */
static void
a_short_disk_takes_nothing(void **state)
{
	struct place pl;
	struct drop d = { pl.folder, "nobody", false, false, 1ULL << 60 };
	struct err e;

	(void)state;
	set_up(&pl, 100, 0);
	assert_int_equal(drop_write(&d, pl.parcel, &e), -1);
	assert_int_equal(sysexit_of(&e), 75);
	assert_string_equal(e.status, "4.3.1");
	assert_non_null(strstr(e.text, "queue.free_space_min is 1099511627776 "
				       "MiB; make room"));
	assert_null(only_file(&pl));
	d.free_min = 1;
	assert_int_equal(drop_write(&d, pl.parcel, &e), 0);
	tear_down(&pl);
}

static void
a_message_over_the_limit_is_refused_in_memory(void **state)
{
	const struct submit_head head = { { 0 }, 0, SUBMIT_VERSION };
	struct place pl;
	const struct source source = { text_read, NULL, &pl };
	struct parcel *p;
	struct err e;

	(void)state;
	set_up(&pl, 0, 0);
	pl.left = 1000;
	p = parcel_new(&head, &pl.env, &source, SIZE_LIMIT_QUEUE(1000));
	assert_int_equal(parcel_fill(p, &e), 0);
	assert_true(parcel_is_whole(p));
	parcel_free(p);
	pl.left = 1001;
	p = parcel_new(&head, &pl.env, &source, SIZE_LIMIT_QUEUE(1000));
	assert_int_equal(parcel_fill(p, &e), -1);
	assert_string_equal(e.status, PARCEL_TOO_LARGE);
	assert_non_null(strstr(e.text, "1000 octets"));
	parcel_free(p);
	tear_down(&pl);
}

static void
folders_that_are_none(void **state)
{
	struct place pl;
	struct drop d = { pl.folder, "nobody", false, false, 0 };
	struct err e;
	char *link;

	(void)state;
	set_up(&pl, 10, 0);
	assert_int_equal(rmdir(pl.folder), 0);
	assert_int_equal(drop_write(&d, pl.parcel, &e), -1);
	assert_int_equal(sysexit_of(&e), 75);
	assert_non_null(strstr(e.text, pl.folder));
	assert_non_null(strstr(e.text, "start mailchuted"));

	/* may_make, but by a user that does not exist, or is root */
	d.may_make = true;
	d.user = "no-such-user";
	assert_int_equal(drop_write(&d, pl.parcel, &e), -1);
	assert_int_equal(sysexit_of(&e), 75);
	assert_non_null(strstr(e.text, "no-such-user"));
	d.user = "root";
	assert_int_equal(drop_write(&d, pl.parcel, &e), -1);
	assert_non_null(strstr(e.text, "which is root"));

	/* a file in its place */
	link = xasprintf("%s/drop", pl.root);
	close(open(link, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(drop_write(&d, pl.parcel, &e), -1);
	assert_int_equal(sysexit_of(&e), 75);
	unlink(link);
	free(link);
	assert_int_equal(mkdir(pl.folder, 0700), 0);
	tear_down(&pl);
}

/* What -C names must be a drop folder already. */
static void
foreign_folders(void **state)
{
	static const struct {
		mode_t mode;
		int rc;
	} table[] = { { 03733, 0 }, { 03730, 0 }, { 0733, -1 }, { 01733, -1 },
		{ 02733, -1 }, { 03737, -1 }, { 0777, -1 }, { 03777, -1 } };
	struct place pl;
	struct drop d = { pl.folder, "nobody", true, false, 0 };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		set_up(&pl, 10, 0);
		assert_int_equal(chmod(pl.folder, table[i].mode), 0);
		if (drop_write(&d, pl.parcel, &e) != table[i].rc)
			fail_msg("mode %o", (unsigned)table[i].mode);
		if (table[i].rc == -1) {
			assert_int_equal(sysexit_of(&e), 75);
			assert_non_null(strstr(e.text, "-C"));
			assert_null(only_file(&pl));
		}
		tear_down(&pl);
	}
}

static void
root_makes_the_folder(void **state)
{
	struct place pl;
	struct drop d = { pl.folder, "nobody", true, true, 0 };
	struct stat st;
	struct err e;
	mode_t old;

	(void)state;
	if (geteuid() != 0)
		skip();
	set_up(&pl, 10, 0);
	assert_int_equal(rmdir(pl.folder), 0);
	snprintf(pl.folder, sizeof(pl.folder), "%s/a/drop", pl.root);
	old = umask(077);
	assert_int_equal(drop_write(&d, pl.parcel, &e), 0);
	umask(old);
	assert_int_equal(stat(pl.folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 03733);
	assert_int_not_equal(st.st_uid, 0);
	free(only_file(&pl));
	tear_down(&pl);
	snprintf(pl.folder, sizeof(pl.folder), "%s/a", pl.root);
	assert_int_equal(stat(pl.folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	rmdir(pl.folder);
	rmdir(pl.root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_file),
		cmocka_unit_test(no_file_is_left),
		cmocka_unit_test(a_short_disk_takes_nothing),
		cmocka_unit_test(a_message_over_the_limit_is_refused_in_memory),
		cmocka_unit_test(folders_that_are_none),
		cmocka_unit_test(foreign_folders),
		cmocka_unit_test(root_makes_the_folder),
	};

	return cmocka_run_group_tests_name("drop", tests, NULL, NULL);
}
