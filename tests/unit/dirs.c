/* SPDX-License-Identifier: ISC */
/* Who the daemon becomes, and the folders that it makes. */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/xalloc.h"
#include "queue/dirs.h"
#include "tests/unit/queue_fixture.h"

static struct {
	char *folder;
	struct conf conf;
	struct err e;
} here;

static char root_[] = "root", nobody_[] = "no-such-user-here";

static int
set_up(void **state)
{
	struct conf_queue *q = &here.conf.queue;

	(void)state;
	memset(&here, 0, sizeof(here));
	here.folder = fixture_directory();
	q->directory = xasprintf("%s/a/b/queue", here.folder);
	q->socket_directory = xasprintf("%s/run", here.folder);
	q->drop_directory = xasprintf("%s/spool/drop", here.folder);
	q->user = nobody_;
	return 0;
}

static void
take_away(const char *name)
{
	char *path = xasprintf("%s/%s", here.folder, name);

	rmdir(path);
	free(path);
}

static int
tear_down(void **state)
{
	static const char *const names[] = { "a/b/queue", "a/b", "a", "run",
		"spool/drop", "spool" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		take_away(names[i]);
	free(here.conf.queue.directory);
	free(here.conf.queue.socket_directory);
	free(here.conf.queue.drop_directory);
	fixture_remove(here.folder);
	return 0;
}

static struct stat
look(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		fail_msg("%s is not there", path);
	return st;
}

static void
has_mode(const char *path, mode_t mode)
{
	assert_int_equal(look(path).st_mode & 07777, mode);
}

static struct identity
ourselves(void)
{
	return (struct identity){ .uid = geteuid(), .gid = getegid() };
}

static void
missing_folders_are_made_with_their_modes(void **state)
{
	struct identity id = ourselves();
	const struct conf_queue *q = &here.conf.queue;
	char *above = xasprintf("%s/a/b", here.folder);
	mode_t mask = umask(0077);

	(void)state;
	assert_int_equal(dirs_make(&here.conf, &id, &here.e), 0);
	has_mode(q->directory, 0700);
	has_mode(q->socket_directory, 0755);
	has_mode(q->drop_directory, 03733);
	/* Everyone must pass through those above, whatever the umask. */
	has_mode(above, 0755);
	umask(mask);
	/* A second time there is nothing to do. */
	assert_int_equal(dirs_make(&here.conf, &id, &here.e), 0);
	free(above);
}

static void
the_admin_group_reads_the_queue_alone(void **state)
{
	struct identity id = ourselves();

	(void)state;
	if (geteuid() != 0)
		skip();
	id.uid = 12345;
	id.gid = 12346;
	id.has_admin_group = true;
	id.admin_gid = 12347;
	assert_int_equal(dirs_make(&here.conf, &id, &here.e), 0);
	has_mode(here.conf.queue.directory, 02750);
	assert_int_equal(look(here.conf.queue.directory).st_gid, 12347);
	assert_int_equal(look(here.conf.queue.directory).st_uid, 12345);
	assert_int_equal(look(here.conf.queue.drop_directory).st_gid, 12346);
	has_mode(here.conf.queue.drop_directory, 03733);
	assert_int_equal(look(here.conf.queue.socket_directory).st_uid, 12345);
}

static void
what_is_there_is_left_as_it_is(void **state)
{
	struct identity id = ourselves();

	(void)state;
	assert_int_equal(mkdir(here.conf.queue.socket_directory, 0711), 0);
	assert_int_equal(dirs_make(&here.conf, &id, &here.e), 0);
	has_mode(here.conf.queue.socket_directory, 0711);
}

static void
a_file_in_a_folder_s_place_is_told(void **state)
{
	struct identity id = ourselves();
	char *path = xasprintf("%s/a", here.folder);
	char *kept = here.conf.queue.directory;

	(void)state;
	here.conf.queue.directory = xasprintf("%s/file", here.folder);
	assert_int_equal(symlink("/dev/null", here.conf.queue.directory), 0);
	assert_int_equal(dirs_make(&here.conf, &id, &here.e), -1);
	assert_non_null(strstr(here.e.text, "is not a folder"));
	assert_int_equal(unlink(here.conf.queue.directory), 0);
	/* A link that leads nowhere is not followed to make one. */
	assert_int_equal(symlink("/nonexistent", path), 0);
	free(here.conf.queue.directory);
	here.conf.queue.directory = kept;
	assert_int_equal(dirs_make(&here.conf, &id, &here.e), -1);
	assert_non_null(strstr(here.e.text, "cannot make"));
	assert_int_equal(unlink(path), 0);
	free(path);
}

static void
root_becomes_somebody_else(void **state)
{
	struct identity id;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(identity_find(&here.conf, &id, &here.e), -1);
	assert_int_equal(here.e.class, ERR_LOCAL);
	assert_non_null(strstr(here.e.text, "useradd"));
	here.conf.queue.user = root_;
	assert_int_equal(identity_find(&here.conf, &id, &here.e), -1);
	assert_non_null(strstr(here.e.text, "never stays root"));
	/* Anyone else stays who he is, and the name need not exist. */
	here.conf.queue.user = nobody_;
	assert_int_equal(seteuid(12345), 0);
	assert_int_equal(identity_find(&here.conf, &id, &here.e), 0);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(id.uid, 12345);
	assert_false(id.has_admin_group);
}

static void
an_admin_group_must_exist(void **state)
{
	struct identity id;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(seteuid(12345), 0);
	here.conf.queue.admin_group = nobody_;
	assert_int_equal(identity_find(&here.conf, &id, &here.e), -1);
	assert_non_null(strstr(here.e.text, "groupadd"));
	here.conf.queue.admin_group = root_;
	assert_int_equal(identity_find(&here.conf, &id, &here.e), 0);
	assert_true(id.has_admin_group && id.admin_gid == 0);
	assert_int_equal(seteuid(0), 0);
}

static char *
make_file(const char *name, mode_t mode, uid_t uid)
{
	char *path = xasprintf("%s/%s", here.conf.queue.directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(fchown(fd, uid, 12346), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

/* A group that is named when there is a queue already. */
static void
a_group_that_comes_later_reads_the_queue(void **state)
{
	static const char *const names[] = { "queue.db", "queue.db-wal",
		"queue.db-shm" };
	struct identity id = { .uid = 12345, .gid = 12346 };
	const char *folder = here.conf.queue.directory;
	char *paths[3], *lock, *aim;
	size_t i;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(dirs_make(&here.conf, &id, &here.e), 0);
	for (i = 0; i < 3; i++)
		paths[i] = make_file(names[i], i == 0 ? 0644 : 0600, 12345);
	lock = make_file("lock", 0600, 12345);
	dirs_mend(&here.conf, &id);
	has_mode(paths[0], 0644);
	id.has_admin_group = true;
	id.admin_gid = 12347;
	dirs_mend(&here.conf, &id);
	has_mode(folder, 02750);
	for (i = 0; i < 3; i++) {
		has_mode(paths[i], 0640);
		assert_int_equal(look(paths[i]).st_gid, 12347);
		assert_int_equal(look(paths[i]).st_uid, 12345);
	}
	has_mode(lock, 0600);
	/* What is not ours, or only looks like it, is not touched. */
	aim = make_file("aim", 0600, 12345);
	assert_int_equal(chown(paths[0], 0, 0), 0);
	assert_int_equal(unlink(paths[1]), 0);
	assert_int_equal(symlink(aim, paths[1]), 0);
	assert_int_equal(unlink(paths[2]), 0);
	assert_int_equal(link(aim, paths[2]), 0);
	dirs_mend(&here.conf, &id);
	assert_int_equal(look(paths[0]).st_gid, 0);
	has_mode(aim, 0600);
	for (i = 0; i < 3; i++) {
		unlink(paths[i]);
		free(paths[i]);
	}
	unlink(aim);
	unlink(lock);
	free(aim);
	free(lock);
}

#define here_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		here_test(missing_folders_are_made_with_their_modes),
		here_test(the_admin_group_reads_the_queue_alone),
		here_test(what_is_there_is_left_as_it_is),
		here_test(a_file_in_a_folder_s_place_is_told),
		here_test(a_group_that_comes_later_reads_the_queue),
		here_test(root_becomes_somebody_else),
		here_test(an_admin_group_must_exist),
	};

	return cmocka_run_group_tests_name("dirs", tests, NULL, NULL);
}
