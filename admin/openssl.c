/* SPDX-License-Identifier: ISC */
/* Starting openssl(1), and reading what it says. */
#include "config.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "admin/openssl.h"
#include "common/spawn.h"

#define STEP 4096

const char *
openssl_find(void)
{
	static const char *const paths[] = { "/usr/bin/openssl",
		"/usr/local/bin/openssl", "/bin/openssl",
		"/usr/pkg/bin/openssl" };
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

/* To its end; -1 when that does not fit. */
static int
read_all(int fd, struct buf *out)
{
	char *at;
	ssize_t n;

	while ((at = buf_reserve(out, STEP)) != NULL) {
		n = read(fd, at, STEP);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		buf_grew(out, (size_t)n);
	}
	return -1;
}

int
openssl_read(const char *const *argv, struct buf *out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), pair[2], status = -1;
	struct spawn s = { .argv = argv, .in = -1, .log = null };
	struct err e;
	pid_t pid = -1;
	int rc = -1;

	if (pipe2(pair, O_CLOEXEC) == 0) {
		s.out = pair[1];
		pid = spawn_start(&s, &e);
		close(pair[1]);
		if (pid != -1)
			rc = read_all(pair[0], out);
		close(pair[0]);
	}
	while (pid != -1 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (null != -1)
		close(null);
	return rc == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0
									: -1;
}
