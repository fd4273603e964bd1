/* SPDX-License-Identifier: ISC */
/* The children of the parent, apart from the queue process. */
#include "config.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/log.h"
#include "common/proto_job.h"
#include "common/xalloc.h"
#include "queue/alarm_command.h"
#include "queue/children.h"
#include "queue/secret.h"
#include "queue/secret_command.h"
#include "queue/spawn.h"

#define PASS_MS 1000 /* a descriptor fits the buffer at once */

struct child {
	pid_t pid;
	uint32_t account;
	int secret_fd; /* our end; -1: closed */
};

struct children {
	const struct conf *conf;
	bool no_commands;
	struct child v[CHILDREN_MAX];
	size_t n;
	struct alarm_command *alarm;
	struct secret_commands *commands;
};

/* Logs what would keep an account from signing in, before mail needs it. */
static void
look_at_secrets(const struct conf *conf)
{
	const struct conf_account *a;
	struct err e;
	size_t i;
	int fd;

	for (i = 0; i < conf->naccounts; i++) {
		a = &conf->accounts[i];
		if (secret_name(a) == NULL)
			continue;
		if ((fd = secret_open(conf, secret_name(a), &e)) == -1)
			log_event(LOG_WARNING, "secret", "account", a->name,
			    "text", e.text, NULL);
		else
			close(fd);
	}
}

struct children *
children_new(const struct conf *conf, bool no_commands)
{
	struct children *c = xcalloc(1, sizeof(*c));

	c->conf = conf;
	c->no_commands = no_commands;
	c->alarm = alarm_command_new(conf, no_commands);
	c->commands = secret_commands_new();
	look_at_secrets(conf);
	return c;
}

void
children_free(struct children *c)
{
	alarm_command_free(c->alarm);
	secret_commands_free(c->commands);
	free(c);
}

static void
close_secrets(struct children *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->v[i].secret_fd != -1) {
			close(c->v[i].secret_fd);
			c->v[i].secret_fd = -1;
		}
}

void
children_set_conf(struct children *c, const struct conf *conf)
{
	close_secrets(c);
	c->conf = conf;
	alarm_command_set_conf(c->alarm, conf);
	look_at_secrets(conf);
}

static void
add(struct children *c, pid_t pid, uint32_t account, int secret_fd)
{
	c->v[c->n++] = (struct child){ pid, account, secret_fd };
}

static void
remove_at(struct children *c, size_t i)
{
	if (c->v[i].secret_fd != -1)
		close(c->v[i].secret_fd);
	c->v[i] = c->v[--c->n];
}

pid_t
children_start_deliver(
    struct children *c, uint32_t account, int *job, struct err *e)
{
	static const char *const argv[] = { PATH_LIBEXEC "/deliver", NULL };
	int jobs[2] = { -1, -1 }, secrets[2] = { -1, -1 }, keep[2];
	struct spawn s = {
		.argv = argv,
		.in = -1,
		.out = -1,
		.log = -1,
		.keep = keep,
		.nkeep = 2,
		.is_told_to_stop = true,
	};
	pid_t pid = -1;

	if (c->n == CHILDREN_MAX)
		return err_set(e, ERR_TEMP, "4.3.2", "too many connections");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, jobs) == -1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, secrets) ==
		-1) {
		err_errno(e, ERR_TEMP, "4.3.0", "socketpair");
		goto out;
	}
	keep[JOB_FD - 3] = jobs[1];
	keep[SECRET_FD - 3] = secrets[1];
	if ((pid = spawn_start(&s, e)) == -1)
		goto out;
	add(c, pid, account, secrets[0]);
	*job = jobs[0];
	jobs[0] = secrets[0] = -1;
out:
	if (jobs[0] != -1)
		close(jobs[0]);
	if (jobs[1] != -1)
		close(jobs[1]);
	if (secrets[0] != -1)
		close(secrets[0]);
	if (secrets[1] != -1)
		close(secrets[1]);
	return pid;
}

/* ---- secrets ---- */

/* What the command prints goes straight to deliver, by the pipe. */
static int
run_secret_command(struct children *c, const struct conf_account *a,
    pid_t asker, struct err *e)
{
	if (c->no_commands)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "password_command is not run for a configuration "
		    "that was given by a caller");
	return secret_command_start(
	    c->commands, &a->password_command, asker, e);
}

/* Who asked may have gone, or been told to stop, meanwhile. */
static void
tell_ended(struct children *c, pid_t asker, const struct err *why)
{
	char text[ERR_TEXT_MAX + 2] = { SECRET_DONE };
	size_t i;

	if (why->class != ERR_NONE)
		snprintf(text, sizeof(text), "%c %s",
		    why->class == ERR_TEMP ? SECRET_LATER : SECRET_NEVER,
		    why->text);
	for (i = 0; i < c->n; i++)
		if (c->v[i].pid == asker && c->v[i].secret_fd != -1)
			(void)fdpass_send(c->v[i].secret_fd, -1, text,
			    clock_mono_ms() + PASS_MS, NULL);
}

/* What a complaint about the secret names: the file, or the program. */
static char *
secret_source(const struct conf *conf, const struct conf_account *a)
{
	return secret_name(a) == NULL
		   ? xasprintf("%c the output of %s", SECRET_RUNS,
			 a->password_command.v[0])
		   : secret_path(conf, secret_name(a));
}

/* fd and where it leads, or why there is none and whether that may pass. */
static int
hand_secret(int sock, int fd, const char *from, const struct err *e)
{
	char text[ERR_TEXT_MAX + 2]; /* cut to what fits */

	if (fd == -1)
		snprintf(text, sizeof(text), "%c %s",
		    e->class == ERR_TEMP ? SECRET_LATER : SECRET_NEVER,
		    e->text);
	return fdpass_send(
	    sock, fd, fd == -1 ? text : from, clock_mono_ms() + PASS_MS, NULL);
}

/* deliver asks by one octet. */
static int
serve_secret(struct children *c, size_t i)
{
	const struct child *k = &c->v[i];
	const struct conf_account *a = &c->conf->accounts[k->account];
	char *from;
	int fd, rc;
	struct err e;
	ssize_t n;
	char octet;

	n = recv(k->secret_fd, &octet, 1, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n != 1 || octet != 'S')
		return -1;
	if (a->auth == AUTH_NONE)
		return -1;
	if (secret_name(a) == NULL)
		fd = run_secret_command(c, a, k->pid, &e);
	else
		fd = secret_open(c->conf, secret_name(a), &e);
	from = secret_source(c->conf, a);
	rc = hand_secret(k->secret_fd, fd, from, &e);
	free(from);
	if (fd != -1)
		close(fd);
	return rc;
}

size_t
children_poll_fds(const struct children *c, struct pollfd *fds)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		fds[i] = (struct pollfd){ .fd = c->v[i].secret_fd,
			.events = POLLIN };
	fds[i] = (struct pollfd){ .fd = alarm_command_fd(c->alarm),
		.events = POLLIN };
	return c->n + 1;
}

void
children_serve(struct children *c, const struct pollfd *fds, size_t n)
{
	size_t i;

	/* Serving adds at the end only; nothing is removed meanwhile. */
	if (fds[--n].revents != 0)
		alarm_command_hear(c->alarm);
	for (i = 0; i < n; i++)
		if (fds[i].revents != 0 && serve_secret(c, i) == -1) {
			close(c->v[i].secret_fd);
			c->v[i].secret_fd = -1;
		}
}

void
children_alarm(struct children *c, const char *text)
{
	alarm_command_tell(c->alarm, text);
}

void
children_reaped(struct children *c, pid_t pid, int wstatus)
{
	struct err why;
	pid_t asker;
	size_t i;

	if (alarm_command_reaped(c->alarm, pid, wstatus))
		return;
	if (secret_command_reaped(c->commands, pid, wstatus, &asker, &why)) {
		tell_ended(c, asker, &why);
		return;
	}
	for (i = 0; i < c->n; i++)
		if (c->v[i].pid == pid) {
			remove_at(c, i);
			return;
		}
}

void
children_kill(struct children *c, pid_t pid)
{
	size_t i;

	if (pid == 0) {
		alarm_command_kill(c->alarm);
		secret_commands_kill(c->commands);
	}
	for (i = 0; i < c->n; i++)
		if (pid == 0 || c->v[i].pid == pid)
			kill(c->v[i].pid, SIGKILL);
}

void
children_kill_overdue(struct children *c, int64_t now)
{
	alarm_command_kill_overdue(c->alarm, now);
	secret_commands_kill_overdue(c->commands, now);
}

int64_t
children_deadline(const struct children *c)
{
	int64_t alarm = alarm_command_deadline(c->alarm);
	int64_t secret = secret_commands_deadline(c->commands);

	return alarm < secret ? alarm : secret;
}

size_t
children_count(const struct children *c)
{
	return c->n + secret_commands_count(c->commands) +
	       (alarm_command_is_running(c->alarm) ? 1 : 0);
}

void
children_close(struct children *c)
{
	close_secrets(c);
	alarm_command_close(c->alarm);
}
