/* SPDX-License-Identifier: ISC */
/*
 * The service of a listener.  Each message gets a connection to mailchuted by
 * the parent, which has said on it already whose message it is: nothing that a
 * client makes of this process can be somebody else's mail.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/log.h"
#include "common/proto_listen.h"
#include "common/proto_words.h"
#include "common/sandbox.h"
#include "common/submit.h"
#include "common/xalloc.h"
#include "smtpd/listener.h"
#include "smtpd/pipe.h"
#include "smtpd/serve.h"

#define SETUP_MAX      65536
#define HANG_UP_MS     2000
#define HANG_UP_OCTETS (1024 * 1024)
#define ASK_MS         10000           /* the parent does nothing slow */
#define IDLE_MS        (5 * 60 * 1000) /* RFC 5321 4.5.3.2.7 */

/* A connection for one message; -1 with *e: not now, and why. */
static int
ask_connection(const struct client_words *words, struct err *e)
{
	char text[FDPASS_TEXT_MAX];
	struct buf b;
	int fd, rc;

	buf_init(&b, LISTEN_ASK_MAX);
	rc = client_words_put(&b, words) == 0 &&
		     send(LISTEN_FD, b.data, b.len, MSG_NOSIGNAL) ==
			 (ssize_t)b.len
		 ? 0
		 : -1;
	buf_clear(&b);
	if (rc == -1)
		return err_errno(e, ERR_TEMP, "4.3.2", "mailchuted is gone");
	if (fdpass_recv(LISTEN_FD, &fd, text, clock_mono_ms() + ASK_MS, e) ==
	    -1)
		return -1;
	if (fd == -1)
		return err_set(e, ERR_TEMP, "4.7.0", "%s", text);
	return fd;
}

static int
hand_over(void *arg, struct parcel *p, struct handed *out, struct err *e)
{
	enum submit_outcome outcome;
	int fd;

	if ((fd = ask_connection(arg, e)) == -1)
		return -1;
	outcome = submit_over(fd, p, &submit_limits, out->queue_id, e);
	close(fd);
	/* A device sends again what was refused for now. */
	return outcome == SUBMIT_OUT_QUEUED ? 0 : -1;
}

static int
read_setup(struct listen_setup *s, struct err *e)
{
	char *p = xmalloc(SETUP_MAX);
	struct frame f;
	ssize_t n;
	int rc = -1;

	do
		n = recv(LISTEN_FD, p, SETUP_MAX, 0);
	while (n == -1 && errno == EINTR);
	if (n <= 0 || frame_parse(p, (size_t)n, &f) != n)
		err_set(e, ERR_LOCAL, "4.3.5",
		    "smtpd -l is started by mailchuted alone");
	else
		rc = listen_get_setup(&f, s, e);
	free(p);
	return rc;
}

static void
open_log(const struct listen_setup *s)
{
	if (s->log_target == CONF_LOG_SYSLOG)
		(void)log_open("smtpd", LOG_TO_SYSLOG, NULL, (int)s->log_level);
	else
		log_open_fd("smtpd", STDERR_FILENO, (int)s->log_level);
	tzset();
}

/*
 * What a client has said that nobody has read makes TCP forget what it was
 * told; who was sent away should hear why.
 */
static void
hang_up(struct pipe_ends *ends)
{
	int64_t until = clock_mono_ms() + HANG_UP_MS;
	struct io io = pipe_io(ends);
	char scratch[4096];
	size_t left = HANG_UP_OCTETS;
	ssize_t n = 1;

	(void)shutdown(ends->out, SHUT_WR);
	while (n > 0 && left > 0) {
		n = io.read(io.arg, scratch, sizeof(scratch), until);
		left = n > 0 && (size_t)n < left ? left - (size_t)n : 0;
	}
}

static int
run(const struct listen_setup *s)
{
	struct pipe_ends ends = { STDIN_FILENO, STDOUT_FILENO };
	struct client_words words = { .helo = "" };
	const struct service service = {
		.hostname = s->hostname,
		.domain = s->domain,
		.size_max = s->size_max,
		.rcpts_max = s->rcpts_max,
		.idle_ms = IDLE_MS,
		.is_public = true,
		.refuses_bare = s->bare_newline == BARE_NEWLINE_REFUSE,
		.words = &words,
		.hand_over = hand_over,
		.arg = &words,
	};
	struct io io = pipe_io(&ends);
	int status;

	log_event(LOG_INFO, "client", "listener", s->listener, "client",
	    s->client, NULL);
	status = serve(&io, &service);
	hang_up(&ends);
	return status;
}

int
listener_run(void)
{
	struct listen_setup s;
	char told[SANDBOX_TOLD_MAX];
	struct err e;
	int status = EX_CONFIG;

	if (read_setup(&s, &e) == -1) {
		log_text(LOG_ERR, "smtpd", "%s", e.text);
		return EX_USAGE;
	}
	open_log(&s);
	if (sandbox_enter(SANDBOX_DELIVER, s.sandbox, NULL, 0, told, &e) == -1)
		log_text(LOG_ERR, "smtpd", "%s", e.text);
	else
		status = run(&s);
	listen_setup_clear(&s);
	return status;
}
