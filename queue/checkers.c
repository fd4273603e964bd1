/* SPDX-License-Identifier: ISC */
/*
 * Checkers: one password each.  A place is free again when its process was
 * reaped and its channel was read to the end.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/spawn.h"
#include "common/xalloc.h"
#include "queue/checkers.h"
#include "queue/secret.h"

/* It waits 3 s for smtpd, and computes for tenths of one. */
#define TIME_MS 20000

struct checker {
	pid_t pid;   /* 0: reaped */
	int channel; /* -1: heard */
	struct check_for who;
	int64_t until; /* monotonic */
};

struct checkers {
	struct checker v[CHECKERS_MAX];
};

void
checkers_look(const struct conf *conf)
{
	const struct conf_listen *l;
	struct err e;
	size_t i;
	int fd;

	for (i = 0; i < conf->nlisteners; i++) {
		l = &conf->listeners[i];
		if (l->auth == LISTEN_AUTH_OFF)
			continue;
		if ((fd = secret_open(conf, l->users_file, &e)) == -1)
			log_event(LOG_WARNING, "users-file", "listener",
			    l->name, "text", e.text, NULL);
		else
			close(fd);
	}
}

struct checkers *
checkers_new(void)
{
	struct checkers *c = xcalloc(1, sizeof(*c));
	size_t i;

	for (i = 0; i < CHECKERS_MAX; i++)
		c->v[i].channel = -1;
	return c;
}

void
checkers_close(struct checkers *c)
{
	size_t i;

	for (i = 0; i < CHECKERS_MAX; i++) {
		if (c->v[i].channel != -1)
			close(c->v[i].channel);
		c->v[i].channel = -1;
	}
}

void
checkers_free(struct checkers *c)
{
	if (c == NULL)
		return;
	checkers_close(c);
	free(c);
}

static bool
is_free(const struct checker *k)
{
	return k->pid == 0 && k->channel == -1;
}

size_t
checkers_count(const struct checkers *c)
{
	size_t i, n = 0;

	for (i = 0; i < CHECKERS_MAX; i++)
		n += c->v[i].pid != 0;
	return n;
}

static struct checker *
free_place(struct checkers *c)
{
	size_t i;

	for (i = 0; i < CHECKERS_MAX; i++)
		if (is_free(&c->v[i]))
			return &c->v[i];
	return NULL;
}

bool
checkers_are_full(const struct checkers *c)
{
	size_t i;

	for (i = 0; i < CHECKERS_MAX; i++)
		if (is_free(&c->v[i]))
			return false;
	return true;
}

static int
send_setup(const struct conf *conf, int channel, struct err *e)
{
	const struct check_setup s = {
		.sandbox = conf->sandbox,
		.log_target = conf->log.target,
		.log_level = (unsigned)conf->log.level,
	};
	struct buf b;
	int rc = 0;

	buf_init(&b, CHECK_MAX);
	if (check_put_setup(&b, &s) == -1 ||
	    send(channel, b.data, b.len, MSG_NOSIGNAL) != (ssize_t)b.len)
		rc = err_set(e, ERR_TEMP, "4.3.0", "smtpd -a takes no setup");
	buf_clear(&b);
	return rc;
}

/* users is CHECK_USERS_FD; asks and tells are its ends of the channels. */
static pid_t
start(int users, int asks, int tells, struct err *e)
{
	static const char *const argv[] = { PATH_LIBEXEC "/smtpd", "-a", NULL };
	int keep[2];
	const struct spawn s = {
		.argv = argv,
		.in = users,
		.out = -1,
		.log = -1,
		.keep = keep,
		.nkeep = 2,
		.is_told_to_stop = true,
	};

	keep[CHECK_FD - 3] = asks;
	keep[CHECK_PARENT_FD - 3] = tells;
	return spawn_start(&s, e);
}

static void
close_pair(const int pair[2])
{
	if (pair[0] != -1)
		close(pair[0]);
	if (pair[1] != -1)
		close(pair[1]);
}

int
checkers_start(struct checkers *c, const struct conf *conf,
    const struct conf_listen *listener, const struct check_for *who, int *fd,
    struct err *e)
{
	int asks[2] = { -1, -1 }, tells[2] = { -1, -1 };
	struct checker *k = free_place(c);
	pid_t pid = -1;
	int users;

	*fd = -1;
	if (k == NULL)
		return err_set(e, ERR_TEMP, "4.3.2", "too many sign in");
	if ((users = secret_open(conf, listener->users_file, e)) == -1)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, asks) == -1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, tells) == -1)
		err_errno(e, ERR_TEMP, "4.3.0", "socketpair");
	else if (send_setup(conf, tells[0], e) == 0)
		pid = start(users, asks[1], tells[1], e);
	if (pid != -1) {
		*k = (struct checker){ pid, tells[0], *who,
			clock_mono_ms() + TIME_MS };
		*fd = asks[0];
		asks[0] = tells[0] = -1;
	}
	close_pair(asks);
	close_pair(tells);
	close(users);
	return pid == -1 ? -1 : 0;
}

void
checkers_forget(struct checkers *c, pid_t asker)
{
	size_t i;

	for (i = 0; i < CHECKERS_MAX; i++)
		if (c->v[i].who.asker == asker)
			c->v[i].who.asker = 0;
}

size_t
checkers_of(const struct checkers *c, const struct network *client)
{
	size_t i, n = 0;

	for (i = 0; i < CHECKERS_MAX; i++)
		n += c->v[i].channel != -1 &&
		     memcmp(&c->v[i].who.client, client, sizeof(*client)) == 0;
	return n;
}

/* ---- the parent's loop ---- */

void
checkers_poll_fds(const struct checkers *c, struct pollfd *fds)
{
	size_t i;

	for (i = 0; i < CHECKERS_MAX; i++)
		fds[i] =
		    (struct pollfd){ .fd = c->v[i].channel, .events = POLLIN };
}

/* What it says, or that it says nothing; -1: not yet. */
static int
take(const struct checker *k, struct check_outcome *out)
{
	char p[CHECK_MAX];
	struct frame f;
	struct err e;
	ssize_t n;

	n = recv(k->channel, p, sizeof(p), MSG_DONTWAIT | MSG_TRUNC);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return -1;
	if (n > 0 && n <= (ssize_t)sizeof(p) &&
	    frame_parse(p, (size_t)n, &f) == n &&
	    check_get_outcome(&f, out, &e) == 0)
		return 0;
	memset(out, 0, sizeof(*out));
	out->result = CHECK_UNABLE;
	return 0;
}

bool
checkers_hear(struct checkers *c, size_t i, struct check_for *who,
    struct check_outcome *out)
{
	struct checker *k = &c->v[i];

	if (k->channel == -1 || take(k, out) == -1)
		return false;
	*who = k->who;
	close(k->channel);
	k->channel = -1;
	k->who.asker = 0;
	return true;
}

bool
checkers_reaped(struct checkers *c, pid_t pid)
{
	size_t i;

	for (i = 0; i < CHECKERS_MAX && c->v[i].pid != pid; i++)
		continue;
	if (i == CHECKERS_MAX)
		return false;
	c->v[i].pid = 0;
	return true;
}

void
checkers_kill(struct checkers *c)
{
	size_t i;

	for (i = 0; i < CHECKERS_MAX; i++)
		if (c->v[i].pid != 0)
			kill(c->v[i].pid, SIGKILL);
}

void
checkers_kill_overdue(struct checkers *c, int64_t now_ms)
{
	size_t i;

	for (i = 0; i < CHECKERS_MAX; i++)
		if (c->v[i].pid != 0 && now_ms >= c->v[i].until) {
			kill(c->v[i].pid, SIGKILL);
			/* It is killed once; SIGCHLD brings the rest. */
			c->v[i].until = CLOCK_NEVER;
		}
}

int64_t
checkers_deadline(const struct checkers *c)
{
	int64_t at = CLOCK_NEVER;
	size_t i;

	for (i = 0; i < CHECKERS_MAX; i++)
		if (c->v[i].pid != 0 && c->v[i].until < at)
			at = c->v[i].until;
	return at;
}
