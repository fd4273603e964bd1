/* SPDX-License-Identifier: ISC */
/*
 * A listener's key, on its way through the parent.  The only secret that the
 * parent reads: each client's smtpd needs it, and by then its file may be half
 * of one and half of the next.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/proto_listen.h"
#include "common/spawn.h"
#include "queue/pair_load.h"
#include "queue/secret.h"

#define JUDGE_MS   10000
#define STEP       4096
#define RECORD_MAX (2 * PAIR_FRAME_MAX)

/* ---- files ---- */

static int
read_all(int fd, const char *name, struct buf *to, struct err *e)
{
	char *at;
	ssize_t n;

	for (;;) {
		if ((at = buf_reserve(to, STEP)) == NULL)
			return err_set(e, ERR_LOCAL, "4.3.5",
			    "%s is larger than %d octets", name,
			    PAIR_FILE_MAX - STEP);
		n = read(fd, at, STEP);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_errno(e, ERR_LOCAL, "4.3.5", "%s", name);
		if (n == 0)
			break;
		buf_grew(to, (size_t)n);
	}
	if (to->len == 0)
		return err_set(e, ERR_LOCAL, "4.3.5", "%s is empty", name);
	return 0;
}

static int
read_file(int fd, const char *name, struct buf *to, struct err *e)
{
	int rc;

	if (fd == -1)
		return -1;
	rc = read_all(fd, name, to, e);
	close(fd);
	return rc;
}

static int
read_both(const struct conf *conf, const struct conf_listen *l, struct pair *p,
    struct err *e)
{
	const char *cert = l->certificate_file, *key = l->key_file;

	return read_file(secret_open_public(conf, cert, e), cert,
		   &p->certificate, e) == 0 &&
		       read_file(secret_open(conf, key, e), key, &p->key, e) ==
			   0
		   ? 0
		   : -1;
}

/* ---- their judge ---- */

static int
send_record(int fd, int rc, const struct buf *b, struct err *e)
{
	if (rc == 0 &&
	    send(fd, b->data, b->len, MSG_NOSIGNAL) == (ssize_t)b->len)
		return 0;
	return err_set(e, ERR_TEMP, "4.3.0", "smtpd takes no key");
}

static int
tell(int fd, const struct conf *conf, const struct conf_listen *l,
    const struct pair *p, struct err *e)
{
	const struct listen_setup s = {
		.listener = l->name,
		.client = (char *)(uintptr_t) "",
		.hostname = conf->local.hostname,
		.domain = conf->local.domain,
		.rcpts_max = 1,
		.sandbox = conf->sandbox,
		.log_target = conf->log.target,
		.log_level = (unsigned)conf->log.level,
		.tls = l->tls,
		.tls_min = l->tls_min,
		.has_pair = true,
	};
	struct buf b;
	int rc;

	buf_init(&b, RECORD_MAX);
	if ((rc = send_record(fd, listen_put_setup(&b, &s), &b, e)) == 0) {
		buf_truncate(&b, 0);
		rc = send_record(fd, pair_put(&b, p), &b, e);
	}
	buf_wipe(&b);
	return rc;
}

static int
hear(int fd, struct pair_judged *j, struct err *e)
{
	int64_t until = clock_mono_ms() + JUDGE_MS;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char p[PAIR_JUDGED_MAX];
	struct frame f;
	ssize_t n;

	while (poll(&poll_fd, 1, clock_poll_timeout(until)) == -1 &&
	       errno == EINTR)
		continue;
	n = recv(fd, p, sizeof(p), MSG_DONTWAIT);
	if (n <= 0 || frame_parse(p, (size_t)n, &f) != n)
		return err_set(e, ERR_TEMP, "4.3.0", "smtpd does not answer");
	if (pair_judged_get(&f, j, e) == -1)
		return -1;
	if (!j->is_good)
		return err_set(e, ERR_LOCAL, "4.3.5", "%s", j->text);
	return 0;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
}

static int
judge(const struct conf *conf, const struct conf_listen *l,
    const struct pair *p, struct pair_judged *j, struct err *e)
{
	static const char *const argv[] = { PATH_LIBEXEC "/smtpd", "-c", NULL };
	int pair[2], rc = -1;
	struct spawn s = {
		.argv = argv,
		.in = -1,
		.out = -1,
		.log = -1,
		.keep = &pair[1],
		.nkeep = 1,
		.is_told_to_stop = true,
	};
	pid_t pid = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "socketpair");
	if (tell(pair[0], conf, l, p, e) == 0)
		pid = spawn_start(&s, e);
	close(pair[1]);
	if (pid != -1) {
		rc = hear(pair[0], j, e);
		end(pid);
	}
	close(pair[0]);
	return rc;
}

int
pair_load(const struct conf *conf, const struct conf_listen *l, struct pair *p,
    struct pair_judged *j, struct err *e)
{
	pair_init(p);
	if (read_both(conf, l, p, e) == 0) {
		if (judge(conf, l, p, j, e) == 0)
			return 0;
		err_prefix(e, "%s and %s", l->certificate_file, l->key_file);
	}
	pair_wipe(p);
	return -1;
}
