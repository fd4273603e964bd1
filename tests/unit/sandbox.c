/* SPDX-License-Identifier: ISC */
/*
 * Proof that what a profile forbids is forbidden, and that what its program
 * needs is not.  Each case runs in a child of its own, which enters the
 * sandbox and tries one thing.
 */
#include "config.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "common/sandbox.h"
#include "common/sanitizer.h"

static char *outside;     /* a file beside the folder */
static char *folder;      /* the only path that is kept */
static int socket_before; /* TCP, made before the sandbox, not connected */
static struct sockaddr_in there; /* where a listener waits */

/* ---- attempts: 0, or the errno of the failure ---- */

static int
open_elsewhere(void)
{
	return open("/etc/passwd", O_RDONLY) == -1 ? errno : 0;
}

static int
list_elsewhere(void)
{
	return open("/etc", O_RDONLY | O_DIRECTORY) == -1 ? errno : 0;
}

static int
open_at(const char *name, int flags)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return open(path, flags, 0600) == -1 ? errno : 0;
}

static int
read_inside(void)
{
	return open_at("file", O_RDONLY);
}

static int
write_inside(void)
{
	return open_at("file", O_WRONLY);
}

static int
create_inside(void)
{
	return open_at("new", O_RDWR | O_CREAT | O_EXCL);
}

static int
replace_at(const char *from, const char *to)
{
	char one[512], other[512];

	snprintf(one, sizeof(one), "%s/%s", folder, from);
	snprintf(other, sizeof(other), "%s/%s", folder, to);
	return renameat(AT_FDCWD, one, AT_FDCWD, other) == -1 ? errno : 0;
}

/* And back, for those that come after. */
static int
replace_inside(void)
{
	int error = replace_at("file", "other");

	return error == 0 ? replace_at("other", "file") : error;
}

static int
replace_elsewhere(void)
{
	return renameat(AT_FDCWD, outside, AT_FDCWD, outside) == -1 ? errno : 0;
}

static int
leave_by_link(void)
{
	return open_at("link", O_RDONLY);
}

static int
unlink_elsewhere(void)
{
	return unlink(outside) == -1 ? errno : 0;
}

static int
connect_socket(void)
{
	return connect(socket_before, (struct sockaddr *)&there,
		   sizeof(there)) == -1
		   ? errno
		   : 0;
}

static int
make_inet_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) == -1 ? errno : 0;
}

static int
make_inet6_socket(void)
{
	return socket(AF_INET6, SOCK_DGRAM, 0) == -1 ? errno : 0;
}

static int
make_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) == -1 ? errno : 0;
}

static int
make_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) == -1 ? errno : 0;
}

static int
listen_inside(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int a, b, fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd == -1)
		return errno;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/socket", folder);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    chmod(sun.sun_path, 0666) == -1 || listen(fd, 5) == -1)
		return errno;
	if ((a = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    connect(a, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    (b = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) == -1)
		return errno;
	return send(b, "x", 1, 0) == 1 ? 0 : errno;
}

static int
start_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return errno;
}

static int
start_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid == -1 ? errno : 0;
}

static int
trace_parent(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == -1 ? errno : 0;
}

static int
kill_parent(void)
{
	return kill(getppid(), 0) == -1 ? errno : 0;
}

static int
map_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

/* Descriptor 9 was opened for writing before the sandbox. */
static int
grow_file(void)
{
	return write(9, "x", 1) == -1 ? errno : 0;
}

static int
dump_core(void)
{
	struct rlimit r;

	/* getrlimit may be refused: then the limit cannot be seen. */
	if (getrlimit(RLIMIT_CORE, &r) == -1)
		return 0;
	return r.rlim_max == 0 ? 0 : EINVAL;
}

static int
use_pipe_and_memory(void)
{
	char c, *p = malloc(4 * 1024 * 1024);
	int fd[2] = { 7, 8 };

	if (p == NULL)
		return ENOMEM;
	memset(p, 1, 4 * 1024 * 1024);
	free(p);
	if (write(fd[1], "x", 1) != 1 || read(fd[0], &c, 1) != 1)
		return errno;
	return c == 'x' ? 0 : EINVAL;
}

/* A syslog socket that is gone must not kill the process that logs. */
static int
log_to_syslog(void)
{
	closelog();
	syslog(LOG_DEBUG | LOG_MAIL, "sandbox test");
	return 0;
}

static int
abort_is_abort(void)
{
	abort();
}

/* WAL, checkpoints, savepoints, vacuum: all that touches the disk. */
static int
use_database(void)
{
	static const char *const steps[] = {
		"PRAGMA journal_mode=WAL",
		"PRAGMA synchronous=FULL",
		"CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB)",
		"BEGIN IMMEDIATE",
		"INSERT INTO t(b) VALUES(randomblob(300000))",
		"SAVEPOINT s",
		"INSERT INTO t(b) VALUES(randomblob(300000))",
		"ROLLBACK TO s",
		"COMMIT",
		"PRAGMA wal_checkpoint(TRUNCATE)",
		"DELETE FROM t",
		"VACUUM",
		"PRAGMA quick_check",
	};
	char path[512];
	sqlite3 *db;
	size_t i;
	int rc;

	snprintf(path, sizeof(path), "%s/queue.db", folder);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		return EIO;
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		rc = sqlite3_exec(db, steps[i], NULL, NULL, NULL);
		if (rc != SQLITE_OK)
			return EIO;
	}
	return sqlite3_close(db) == SQLITE_OK ? 0 : EIO;
}

static int
use_event_calls(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct itimerspec in = { .it_value = { .tv_nsec = 1000000 } };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	int event = eventfd(0, EFD_CLOEXEC);
	int watch = inotify_init1(IN_CLOEXEC), fd[2];

	if (ep == -1 || timer == -1 || event == -1 || watch == -1)
		return errno;
	if (inotify_add_watch(watch, folder, IN_CREATE) == -1 ||
	    pipe2(fd, O_CLOEXEC) == -1 ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, timer, &ev) == -1 ||
	    timerfd_settime(timer, 0, &in, NULL) == -1)
		return errno;
	return epoll_wait(ep, &ev, 1, 10000) == 1 ? 0 : errno;
}

static int
use_files(void)
{
	char from[512], to[512];
	struct stat st;
	int fd;

	snprintf(from, sizeof(from), "%s/a", folder);
	snprintf(to, sizeof(to), "%s/b", folder);
	if ((fd = open(from, O_RDWR | O_CREAT, 0600)) == -1 ||
	    ftruncate(fd, 100) == -1 || posix_fallocate(fd, 0, 200) != 0 ||
	    pwrite(fd, "x", 1, 0) != 1 || fsync(fd) == -1 ||
	    fdatasync(fd) == -1 || fchmod(fd, 0640) == -1 ||
	    lockf(fd, F_TLOCK, 0) == -1 || rename(from, to) == -1 ||
	    stat(to, &st) == -1 || unlink(to) == -1 || mkdir(from, 0700) == -1)
		return errno == 0 ? EIO : errno;
	return rmdir(from) == -1 ? errno : 0;
}

/* ---- the cases ---- */

#define KILLED         (-SIGSYS)
#define ABORTED        (-SIGABRT)
#define NEEDS_LANDLOCK 1U
#define LOG_IN_FILE    4U
#define NOT_SANITIZED  2U /* the sanitizers need that themselves */

struct attempt {
	const char *name;
	enum sandbox_profile profile;
	enum sandbox_mode mode;
	unsigned rights; /* on the folder */
	int (*try)(void);
	int want; /* 0, errno, or minus a signal */
	unsigned only;
};

/* clang-format off */
#define D SANDBOX_DELIVER, SANDBOX_STRICT, SANDBOX_READ
#define T SANDBOX_TOKEN, SANDBOX_STRICT, SANDBOX_WRITE
#define Q SANDBOX_QUEUE, SANDBOX_STRICT, SANDBOX_WRITE
static const struct attempt attempts[] = {
	{ "deliver: open a file", D, open_elsewhere, EACCES, 0 },
	{ "deliver: list a folder", D, list_elsewhere, EACCES, 0 },
	{ "deliver: read a kept file", D, read_inside, 0, NEEDS_LANDLOCK },
	{ "deliver: write a kept file", D, write_inside, EACCES, 0 },
	{ "deliver: create a file", D, create_inside, EACCES, 0 },
	{ "deliver: leave a kept folder by a link", D, leave_by_link, EACCES, 0 },
	{ "deliver: unlink", D, unlink_elsewhere, EACCES, 0 },
	{ "deliver: connect elsewhere", D, connect_socket, EACCES, 0 },
	{ "deliver: make a socket", D, make_inet_socket, EACCES, 0 },
	{ "deliver: make a Unix socket", D, make_unix_socket, EACCES, 0 },
	{ "deliver: start a program", D, start_program, KILLED, 0 },
	{ "deliver: fork", D, start_child, KILLED, 0 },
	{ "deliver: trace another process", D, trace_parent, KILLED, 0 },
	{ "deliver: kill another process", D, kill_parent, EACCES, 0 },
	{ "deliver: map code", D, map_code, EACCES, NOT_SANITIZED },
	{ "deliver: write to a disk", D, grow_file, EFBIG, NOT_SANITIZED },
	{ "deliver: a log in a file works", D, grow_file, 0, LOG_IN_FILE },
	{ "deliver: no core", D, dump_core, 0, 0 },
	{ "deliver: pipe and memory work", D, use_pipe_and_memory, 0, 0 },
	{ "deliver: a lost syslog is survived", D, log_to_syslog, 0, 0 },
	{ "deliver: abort is SIGABRT", D, abort_is_abort, ABORTED, NOT_SANITIZED },
	{ "queue: open a file", Q, open_elsewhere, EACCES, NEEDS_LANDLOCK },
	{ "queue: list a folder", Q, list_elsewhere, EACCES, NEEDS_LANDLOCK },
	{ "queue: unlink elsewhere", Q, unlink_elsewhere, EACCES, NEEDS_LANDLOCK },
	{ "queue: leave its folder by a link", Q, leave_by_link, EACCES, NEEDS_LANDLOCK },
	{ "queue: connect a TCP socket", Q, connect_socket, EACCES, NEEDS_LANDLOCK },
	{ "queue: make an IPv4 socket", Q, make_inet_socket, EACCES, 0 },
	{ "queue: make an IPv6 socket", Q, make_inet6_socket, EACCES, 0 },
	{ "queue: make a packet socket", Q, make_packet_socket, EACCES, 0 },
	{ "queue: start a program", Q, start_program, KILLED, 0 },
	{ "queue: fork", Q, start_child, KILLED, 0 },
	{ "queue: trace another process", Q, trace_parent, KILLED, 0 },
	{ "queue: kill another process", Q, kill_parent, EACCES, 0 },
	{ "queue: map code", Q, map_code, EACCES, NOT_SANITIZED },
	{ "queue: files work", Q, use_files, 0, 0 },
	{ "queue: the database works", Q, use_database, 0, 0 },
	{ "queue: events work", Q, use_event_calls, 0, 0 },
	{ "queue: a listening socket works", Q, listen_inside, 0, 0 },
	{ "queue: pipe and memory work", Q, use_pipe_and_memory, 0, 0 },
	{ "queue: a folder kept for reading", SANDBOX_QUEUE, SANDBOX_STRICT,
	    SANDBOX_READ, write_inside, EACCES, NEEDS_LANDLOCK },
	{ "token: open a file", T, open_elsewhere, EACCES, 0 },
	{ "token: read in its folder", T, read_inside, EACCES, NOT_SANITIZED },
	{ "token: create in its folder", T, create_inside, EACCES, NOT_SANITIZED },
	{ "token: replace in its folder", T, replace_inside, 0, 0 },
	{ "token: replace elsewhere", T, replace_elsewhere, EACCES,
	    NEEDS_LANDLOCK },
	{ "token: unlink elsewhere", T, unlink_elsewhere, EACCES, 0 },
	{ "token: connect does nothing", T, connect_socket, EINPROGRESS, 0 },
	{ "token: make a socket", T, make_inet_socket, EACCES, 0 },
	{ "token: make a Unix socket", T, make_unix_socket, EACCES, 0 },
	{ "token: start a program", T, start_program, KILLED, 0 },
	{ "token: fork", T, start_child, KILLED, 0 },
	{ "log: nothing is refused", SANDBOX_DELIVER, SANDBOX_LOG,
	    SANDBOX_READ, open_elsewhere, 0, 0 },
	{ "off: nothing is refused", SANDBOX_DELIVER, SANDBOX_OFF,
	    SANDBOX_READ, make_inet_socket, 0, 0 },
};
/* clang-format on */

enum way {
	WITH_PATH,
	WITHOUT_PATH,
	MADE /* beforehand, which is the same */
};
static struct sandbox_made *made;

/* Runs in the child: ends it with the errno of the attempt. */
static void
enter_and_try(const struct attempt *a, enum way way)
{
	struct sandbox_path kept = { folder, a->rights };
	char told[SANDBOX_TOLD_MAX];
	struct err e;

	/* A log in a file lifts a limit: give stderr what the case wants. */
	dup2((a->only & LOG_IN_FILE) != 0 ? 9 : 8, STDERR_FILENO);
	if ((way == MADE ? sandbox_enter_made(made, told, &e)
			 : sandbox_enter(a->profile, a->mode, &kept,
			       way == WITH_PATH ? 1 : 0, told, &e)) == -1)
		_exit(255);
	_exit(a->try());
}

static int
outcome(const struct attempt *a, enum way way)
{
	int status;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0)
		enter_and_try(a, way);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
every_attempt_ends_as_it_should(void **state)
{
	const struct attempt *a;
	int got, wrong = 0;
	size_t i;

	(void)state;
	made = sandbox_make();
	assert_non_null(made);
	for (i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		a = &attempts[i];
		if (SANITIZED && (a->only & NOT_SANITIZED) != 0)
			continue;
		if (!sandbox_keeps_paths(SANDBOX_STRICT) &&
		    (a->only & NEEDS_LANDLOCK) != 0) {
			print_message("# no Landlock: %s left out\n", a->name);
			continue;
		}
		got = outcome(a, WITH_PATH);
		if (got == a->want && a->profile == SANDBOX_DELIVER &&
		    a->mode == SANDBOX_STRICT &&
		    outcome(a, MADE) != outcome(a, WITHOUT_PATH))
			got = 254;
		if (got != a->want) {
			print_message(
			    "# %s: got %d, want %d\n", a->name, got, a->want);
			wrong++;
		}
	}
	sandbox_unmake(made);
	assert_int_equal(wrong, 0);
}

static int
enter_then_make(const char *late)
{
	struct sandbox_path kept = { late, SANDBOX_WRITE };
	char told[SANDBOX_TOLD_MAX];
	struct err e;

	if (sandbox_enter(SANDBOX_QUEUE, SANDBOX_STRICT, &kept, 1, told, &e) ==
	    -1)
		return 1;
	return open(late, O_WRONLY | O_CREAT, 0600) == -1 && errno == EACCES
		   ? 0
		   : 2;
}

static void
a_missing_path_stays_closed(void **state)
{
	char above[] = "/tmp/sandbox.XXXXXX", late[64];
	int status;
	pid_t pid;

	(void)state;
	if (!sandbox_keeps_paths(SANDBOX_STRICT))
		skip();
	assert_non_null(mkdtemp(above));
	snprintf(late, sizeof(late), "%s/late", above);
	if ((pid = fork()) == 0)
		_exit(enter_then_make(late));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(rmdir(above), 0);
}

/* A folder with a file and a link out, a listener, and descriptors 7 to 9. */
static int
prepare(void **state)
{
	const char *tmp = getenv("TMPDIR");
	socklen_t len = sizeof(there);
	char path[512];
	int fd, fds[2];

	(void)state;
	snprintf(path, sizeof(path), "%s/mailchute-sandbox-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(path) == NULL)
		return -1;
	folder = strdup(path);
	snprintf(path, sizeof(path), "%s.outside", folder);
	outside = strdup(path);
	if ((fd = open(outside, O_RDWR | O_CREAT, 0600)) == -1)
		return -1;
	close(fd);
	snprintf(path, sizeof(path), "%s/link", folder);
	if (symlink("/etc/passwd", path) == -1)
		return -1;
	snprintf(path, sizeof(path), "%s/file", folder);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd == -1 || dup2(fd, 9) == -1 || pipe(fds) == -1 ||
	    dup2(fds[0], 7) == -1 || dup2(fds[1], 8) == -1)
		return -1;
	there.sin_family = AF_INET;
	there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	socket_before = socket(AF_INET, SOCK_STREAM, 0);
	return bind(fd, (struct sockaddr *)&there, sizeof(there)) == 0 &&
		       listen(fd, 5) == 0 &&
		       getsockname(fd, (struct sockaddr *)&there, &len) == 0
		   ? 0
		   : -1;
}

static int
sweep(void **state)
{
	static const char *const names[] = { "link", "file", "new", "socket",
		"queue.db", "queue.db-wal", "queue.db-shm", "a", "b" };
	char path[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
	unlink(outside);
	free(folder);
	free(outside);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_attempt_ends_as_it_should),
		cmocka_unit_test(a_missing_path_stays_closed),
	};

	return cmocka_run_group_tests_name("sandbox", tests, prepare, sweep);
}
