/* SPDX-License-Identifier: ISC */
/* Secret files: where their names lead, and which are refused. */
#include "config.h"

#include <sys/resource.h>
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
#include "queue/secret.h"
#include "tests/unit/queue_fixture.h"

static struct {
	char *folder;
	struct conf conf;
	struct err e;
} here;

static int
set_up(void **state)
{
	(void)state;
	memset(&here, 0, sizeof(here));
	here.folder = fixture_directory();
	here.conf.path = xasprintf("%s/mailchute.conf", here.folder);
	return unsetenv("CREDENTIALS_DIRECTORY");
}

static int
tear_down(void **state)
{
	(void)state;
	free(here.conf.path);
	fixture_remove(here.folder);
	return unsetenv("CREDENTIALS_DIRECTORY");
}

static void
make(const char *name, mode_t mode)
{
	char *path = xasprintf("%s/%s", here.folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, "hunter2\n", 8), 8);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	free(path);
}

static void
set(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	char *path = xasprintf("%s/%s", here.folder, name);

	assert_int_equal(chown(path, uid, gid), 0);
	assert_int_equal(chmod(path, mode), 0);
	free(path);
}

static void
leads_to(const char *name, const char *want)
{
	char *path = secret_path(&here.conf, name);

	assert_string_equal(path, want);
	free(path);
}

static void
opens(const char *name)
{
	int fd = secret_open(&here.conf, name, &here.e);
	char text[8];

	if (fd == -1)
		fail_msg("%s", here.e.text);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	/* Not a byte of it was read. */
	assert_int_equal(read(fd, text, 8), 8);
	assert_memory_equal(text, "hunter2\n", 8);
	close(fd);
}

static void
refuses(const char *name, const char *part)
{
	int next = fixture_next_fd();

	err_clear(&here.e);
	assert_int_equal(secret_open(&here.conf, name, &here.e), -1);
	assert_int_equal(fixture_next_fd(), next);
	assert_int_equal(here.e.class, ERR_LOCAL);
	if (strstr(here.e.text, part) == NULL)
		fail_msg("%s: %s", part, here.e.text);
	assert_null(strstr(here.e.text, "hunter2"));
}

static void
no_descriptor_left_is_no_fault_of_the_file(void **state)
{
	struct rlimit before, none = { 0, 0 };

	(void)state;
	make("pw", 0600);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(secret_open(&here.conf, "pw", &here.e), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(here.e.class, ERR_TEMP);
	opens("pw");
}

static void
names_lead_beside_the_configuration(void **state)
{
	static char bare[] = "mailchute.conf", etc[] = "/etc/m/mailchute.conf";
	char *kept = here.conf.path;

	(void)state;
	here.conf.path = etc;
	leads_to("pw", "/etc/m/pw");
	leads_to("sub/pw", "/etc/m/sub/pw");
	leads_to("/root/pw", "/root/pw");
	setenv("CREDENTIALS_DIRECTORY", "/run/credentials/m", 1);
	leads_to("pw", "/run/credentials/m/pw");
	leads_to("/root/pw", "/root/pw");
	/* One that is no folder's name counts as none. */
	setenv("CREDENTIALS_DIRECTORY", "credentials", 1);
	leads_to("pw", "/etc/m/pw");
	setenv("CREDENTIALS_DIRECTORY", "", 1);
	leads_to("pw", "/etc/m/pw");
	unsetenv("CREDENTIALS_DIRECTORY");
	here.conf.path = bare;
	leads_to("pw", "pw");
	here.conf.path = kept;
}

static void
a_file_of_ours_alone_opens(void **state)
{
	static const mode_t modes[] = { 0400, 0600, 0640, 0440, 0660 };
	size_t i;

	(void)state;
	make("pw", 0600);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		set("pw", modes[i], geteuid(), getegid());
		opens("pw");
	}
}

static void
what_others_may_read_or_write_is_refused(void **state)
{
	static const mode_t modes[] = { 0604, 0602, 0601, 0644, 0666, 0777 };
	size_t i;

	(void)state;
	make("pw", 0600);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		set("pw", modes[i], geteuid(), getegid());
		refuses("pw", "can be read by others");
		assert_non_null(strstr(here.e.text, "chmod 0640"));
	}
}

static void
what_is_no_file_is_refused(void **state)
{
	char *path = xasprintf("%s/fifo", here.folder);

	(void)state;
	refuses("gone", "No such file");
	assert_int_equal(mkfifo(path, 0600), 0);
	/* And it does not wait for a writer. */
	refuses("fifo", "is not a regular file");
	refuses(".", "is not a regular file");
	free(path);
}

static void
another_s_file_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make("pw", 0600);
	set("pw", 0600, 12345, getegid());
	refuses("pw", "belongs to uid 12345");
	assert_non_null(strstr(here.e.text, "chown 0 "));
	/* One line is enough, whatever the mode is. */
	assert_non_null(strstr(here.e.text, "/pw && chmod 0600 /"));
	set("pw", 0666, 12345, 12345);
	refuses("pw", "belongs to uid 12345");
	set("pw", 0600, 0, 12345);
	opens("pw");
	/* Another group may not read it, unless its bits are clear. */
	set("pw", 0640, geteuid(), 12345);
	refuses("pw", "can be read by others");
	set("pw", 0600, geteuid(), 12345);
	opens("pw");
}

static void
group_bits_of_credentials_say_nothing(void **state)
{
	char *inside = xasprintf("%s/pw", here.folder);
	char *around = xasprintf(
	    "%s/../%s/pw", here.folder, strrchr(here.folder, '/') + 1);

	(void)state;
	if (geteuid() != 0)
		skip();
	make("pw", 0600);
	set("pw", 0640, geteuid(), 12345);
	setenv("CREDENTIALS_DIRECTORY", here.folder, 1);
	opens("pw");
	opens(inside);
	/* A name that leaves the folder is not one of its own. */
	refuses(around, "can be read by others");
	setenv("CREDENTIALS_DIRECTORY", "/run/credentials", 1);
	refuses(inside, "can be read by others");
	/* Of a folder whose name only begins alike, neither. */
	inside[strlen(here.folder) - 1] = '\0';
	setenv("CREDENTIALS_DIRECTORY", inside, 1);
	free(inside);
	inside = xasprintf("%s/pw", here.folder);
	refuses(inside, "can be read by others");
	/* Others' bits are refused there too. */
	setenv("CREDENTIALS_DIRECTORY", here.folder, 1);
	set("pw", 0604, geteuid(), getegid());
	refuses("pw", "can be read by others");
	free(around);
	free(inside);
}

static void
a_stamp_changes_with_the_file(void **state)
{
	struct ask_stamp first, same, other;
	char *path = xasprintf("%s/pw", here.folder);
	struct stat st;

	(void)state;
	make("pw", 0600);
	assert_int_equal(secret_stamp(&here.conf, "pw", &first, &here.e), 0);
	assert_int_equal(secret_stamp(&here.conf, "pw", &same, &here.e), 0);
	assert_memory_equal(&first, &same, sizeof(first));
	assert_int_equal(stat(path, &st), 0);
	assert_true(first.size == 8 && first.inode == st.st_ino &&
		    first.device == st.st_dev);
	assert_int_equal(first.changed_ns,
	    st.st_ctim.tv_sec * 1000000000LL + st.st_ctim.tv_nsec);
	/* Longer, as one writes a new password into it. */
	assert_int_equal(truncate(path, 20), 0);
	assert_int_equal(secret_stamp(&here.conf, "pw", &other, &here.e), 0);
	assert_memory_not_equal(&first, &other, sizeof(first));
	assert_int_equal(unlink(path), 0);
	err_clear(&here.e);
	assert_int_equal(secret_stamp(&here.conf, "pw", &other, &here.e), -1);
	assert_non_null(strstr(here.e.text, "No such file"));
	free(path);
}

#define here_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		here_test(names_lead_beside_the_configuration),
		here_test(no_descriptor_left_is_no_fault_of_the_file),
		here_test(a_file_of_ours_alone_opens),
		here_test(what_others_may_read_or_write_is_refused),
		here_test(what_is_no_file_is_refused),
		here_test(another_s_file_is_refused),
		here_test(group_bits_of_credentials_say_nothing),
		here_test(a_stamp_changes_with_the_file),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
