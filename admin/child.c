/* SPDX-License-Identifier: ISC */
/* Starting token and deliver, and serving what they ask for. */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "admin/child.h"
#include "common/clock.h"
#include "common/spawn.h"

#define STEP      2048
#define GLANCE_MS 250 /* at the dialogue: has somebody pressed ^C? */
#define SEND_MS   5000

struct running {
	const struct child *c;
	pid_t pid;
	int channel, secret;
	struct buf in;
};

static void
close_pair(int pair[2])
{
	if (pair[0] != -1)
		close(pair[0]);
	if (pair[1] != -1)
		close(pair[1]);
}

static int
start(struct running *r, struct err *e)
{
	const char *const argv[] = { r->c->program, NULL };
	int channel[2] = { -1, -1 }, secret[2] = { -1, -1 }, keep[2];
	struct spawn s = { .argv = argv,
		.in = -1,
		.out = -1,
		.log = -1,
		.keep = keep,
		.nkeep = 2,
		.is_told_to_stop = true,
		.drops = true,
		.uid = r->c->uid,
		.gid = r->c->gid };

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) == -1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, secret) ==
		-1) {
		err_errno(e, ERR_TEMP, "4.3.0", "socketpair");
		close_pair(channel);
		return -1;
	}
	/* What it logs to a file or to stderr is not for the dialogue. */
	s.log = open("/dev/null", O_RDWR | O_CLOEXEC);
	/* Both contracts have them in this order, from 3 on. */
	keep[0] = channel[1];
	keep[1] = secret[1];
	r->pid = spawn_start(&s, e);
	if (s.log != -1)
		close(s.log);
	close(channel[1]);
	close(secret[1]);
	r->channel = channel[0];
	r->secret = secret[0];
	if (r->pid != -1)
		return 0;
	close(r->channel);
	close(r->secret);
	return -1;
}

/* Its end of the channel is what it waits on; nothing else is needed. */
static void
stop(struct running *r)
{
	close(r->channel);
	if (r->secret != -1)
		close(r->secret);
	kill(r->pid, SIGKILL);
	while (waitpid(r->pid, NULL, 0) == -1 && errno == EINTR)
		;
}

static void
serve_secret(struct running *r)
{
	ssize_t n;
	char octet;

	n = recv(r->secret, &octet, 1, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 1 && r->c->octet(r->c->arg, octet, r->secret) == 0)
		return;
	close(r->secret);
	r->secret = -1;
}

/* 1 at the last frame, 0, or -1. */
static int
serve_frames(struct running *r, struct err *e)
{
	struct frame f;
	ssize_t used;
	int rc = 0;

	while (rc == 0 &&
	       (used = frame_parse(buf_data(&r->in), r->in.len, &f)) != 0) {
		if (used == -1)
			return err_set(e, ERR_TEMP, "4.3.0",
			    "%s sends what is no frame", r->c->program);
		rc = r->c->frame(r->c->arg, &f, r->channel, e);
		buf_consume(&r->in, (size_t)used);
	}
	return rc;
}

static int
hear(struct running *r, struct err *e)
{
	void *to = buf_reserve(&r->in, STEP);
	ssize_t n;

	if (to == NULL)
		return err_set(
		    e, ERR_TEMP, "4.3.0", "%s says too much", r->c->program);
	n = recv(r->channel, to, STEP, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return err_set(e, ERR_TEMP, "4.3.0",
		    "%s ended without an answer", r->c->program);
	buf_grew(&r->in, (size_t)n);
	return serve_frames(r, e);
}

static int
serve(struct running *r, struct dialogue *d, struct err *e)
{
	struct pollfd p[2];
	int rc = 0;

	while (rc == 0) {
		if (dialogue_is_over(d))
			return err_set(e, ERR_TEMP, "4.3.0", "interrupted");
		if (clock_mono_ms() >= r->c->deadline_ms)
			return err_set(e, ERR_TEMP, "4.4.2",
			    "%s does not answer", r->c->program);
		p[0] = (struct pollfd){ .fd = r->channel, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = r->secret, .events = POLLIN };
		if (poll(p, 2, GLANCE_MS) <= 0)
			continue;
		if (p[1].revents != 0)
			serve_secret(r);
		if (p[0].revents != 0)
			rc = hear(r, e);
	}
	return rc == 1 ? 0 : -1;
}

int
child_run(const struct child *c, struct dialogue *d, struct err *e)
{
	struct running r = { .c = c };
	int rc;

	dialogue_flush(d);
	if (start(&r, e) == -1)
		return -1;
	buf_init(&r.in, 2 * (FRAME_MAX + FRAME_HEAD));
	rc = frame_send(r.channel, c->first, clock_mono_ms() + SEND_MS, e);
	if (rc == 0)
		rc = serve(&r, d, e);
	buf_clear(&r.in);
	stop(&r);
	return rc;
}
