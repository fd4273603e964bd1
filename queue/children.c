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
#include "common/spawn.h"
#include "common/xalloc.h"
#include "queue/alarm_command.h"
#include "queue/checkers.h"
#include "queue/children.h"
#include "queue/secret.h"
#include "queue/secret_command.h"
#include "queue/token_child.h"
#include "queue/vault.h"

#define PASS_MS 1000 /* a descriptor fits the buffer at once */

struct child {
	pid_t pid;
	uint32_t account;
	int secret_fd; /* our end; -1: closed */
	bool is_token;
	struct token_child token; /* place -1 for all others */
};

struct children {
	const struct conf *conf;
	bool no_commands;
	struct child v[CHILDREN_MAX];
	size_t n;
	struct alarm_command *alarm;
	struct secret_commands *commands;
	struct vault *vault;
	struct doors *doors;
};

/* Logs what would keep an account from signing in, before mail needs it. */
static void
look_at_secrets(const struct conf *conf)
{
	struct secret_file files[SECRET_FILES_MAX];
	size_t i, k, n;
	struct err e;
	int fd;

	for (i = 0; i < conf->naccounts; i++) {
		n = secret_files(&conf->accounts[i], files);
		for (k = 0; k < n; k++) {
			fd = files[k].is_public
				 ? secret_open_public(conf, files[k].name, &e)
				 : secret_open(conf, files[k].name, &e);
			if (fd == -1)
				log_event(LOG_WARNING, "secret", "account",
				    conf->accounts[i].name, "text", e.text,
				    NULL);
			else
				close(fd);
		}
	}
}

struct children *
children_new(const struct conf *conf, bool no_commands, struct doors *doors)
{
	struct children *c = xcalloc(1, sizeof(*c));

	c->conf = conf;
	c->no_commands = no_commands;
	c->doors = doors;
	c->alarm = alarm_command_new(conf, no_commands);
	c->commands = secret_commands_new();
	c->vault = vault_new(conf);
	doors_judge(c->doors);
	look_at_secrets(conf);
	doors_load_pairs(doors);
	checkers_look(conf);
	return c;
}

void
children_free(struct children *c)
{
	alarm_command_free(c->alarm);
	secret_commands_free(c->commands);
	vault_free(c->vault);
	doors_free(c->doors);
	free(c);
}

/* It gets nothing more. */
static void
close_secret(struct child *k)
{
	close(k->secret_fd);
	k->secret_fd = -1;
	token_child_clear(&k->token);
}

static void
close_secrets(struct children *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->v[i].secret_fd != -1)
			close_secret(&c->v[i]);
}

void
children_set_conf(struct children *c, const struct conf *conf)
{
	close_secrets(c);
	c->conf = conf;
	alarm_command_set_conf(c->alarm, conf);
	vault_set_conf(c->vault, conf);
	if (!c->no_commands)
		doors_set_conf(c->doors, conf);
	doors_judge(c->doors);
	doors_load_pairs(c->doors);
	look_at_secrets(conf);
	checkers_look(conf);
}

static void
add(struct children *c, pid_t pid, uint32_t account, int secret_fd)
{
	c->v[c->n++] = (struct child){ .pid = pid,
		.account = account,
		.secret_fd = secret_fd,
		.token = { account, -1 } };
}

static void
remove_at(struct children *c, size_t i)
{
	if (c->v[i].secret_fd != -1)
		close_secret(&c->v[i]);
	c->v[i] = c->v[--c->n];
}

/* A program of ours, with a channel to the queue process and one to us. */
static pid_t
start_program(struct children *c, const char *path, uint32_t account,
    int *channel, struct err *e)
{
	const char *const argv[] = { path, NULL };
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
	/* TOKEN_FD and TOKEN_SECRET_FD are the same numbers. */
	keep[JOB_FD - 3] = jobs[1];
	keep[SECRET_FD - 3] = secrets[1];
	if ((pid = spawn_start(&s, e)) == -1)
		goto out;
	add(c, pid, account, secrets[0]);
	*channel = jobs[0];
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

pid_t
children_start_deliver(
    struct children *c, uint32_t account, int *job, struct err *e)
{
	return start_program(c, PATH_LIBEXEC "/deliver", account, job, e);
}

/*
 * Two at once would spend one refresh token twice.  One that gets nothing from
 * us any more is of the configuration before, and on its way out.
 */
pid_t
children_start_token(
    struct children *c, uint32_t account, int *channel, struct err *e)
{
	pid_t pid;
	size_t i;

	if (!conf_asks_tokens(&c->conf->accounts[account]))
		return err_set(e, ERR_LOCAL, "4.3.5",
		    "the account does not sign in with tokens of ours");
	for (i = 0; i < c->n; i++)
		if (c->v[i].is_token && c->v[i].account == account &&
		    c->v[i].secret_fd != -1)
			return err_set(e, ERR_TEMP, ASK_TOKEN_RUNS,
			    "a token is being asked for already");
	pid = start_program(c, PATH_LIBEXEC "/token", account, channel, e);
	if (pid != -1)
		c->v[c->n - 1].is_token = true;
	return pid;
}

void
children_granted(
    struct children *c, uint32_t account, const struct token_granted *g)
{
	if (account < c->conf->naccounts)
		vault_note(c->vault, account, g);
}

bool
children_answer(struct children *c, const struct ask_request *r,
    struct ask_answer *a, int *fd)
{
	if (r->what == ASK_KNOWN) {
		a->ok = vault_known(
			    c->vault, r->account, &a->granted, &a->why) == 0;
		return true;
	}
	if (r->what == ASK_KNOCK) {
		(void)doors_knock(c->doors, &a->knock);
		a->ok = true;
		return true;
	}
	if (r->what == ASK_LISTENER) {
		a->ok = doors_view(c->doors, c->conf, r->listener, &a->door,
			    &a->why) == 0;
		return true;
	}
	if (r->what == ASK_DELIVER)
		a->pid = children_start_deliver(c, r->account, fd, &a->why);
	else if (r->what == ASK_TOKEN)
		a->pid = children_start_token(c, r->account, fd, &a->why);
	else
		return false;
	a->ok = a->has_fd = *fd != -1;
	return true;
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

static int
serve_deliver(struct children *c, const struct child *k)
{
	const struct conf_account *a = &c->conf->accounts[k->account];
	struct err e;
	char *from;
	int fd, rc;

	if (a->auth == AUTH_NONE)
		return -1;
	if (conf_asks_tokens(a)) {
		/* The token stays ours: its next reader gets it, too. */
		fd = vault_fd(c->vault, k->account, &e);
		return hand_secret(k->secret_fd, fd, "the access token", &e);
	}
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

/* They ask by one octet; see common/proto_job.h and common/proto_token.h. */
static int
serve_secret(struct children *c, size_t i)
{
	struct child *k = &c->v[i];
	ssize_t n;
	char octet;

	n = recv(k->secret_fd, &octet, 1, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n != 1)
		return -1;
	if (k->is_token)
		return token_child_serve(
		    &k->token, octet, k->secret_fd, c->conf, c->vault);
	return octet == 'S' ? serve_deliver(c, k) : -1;
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
	return c->n + 1 + doors_poll_fds(c->doors, fds + c->n + 1);
}

void
children_serve(struct children *c, const struct pollfd *fds, size_t n)
{
	size_t i;

	/* Serving adds at the end only; nothing is removed meanwhile. */
	n -= doors_fds(c->doors) + 1;
	if (fds[n].revents != 0)
		alarm_command_hear(c->alarm);
	doors_serve(c->doors, fds + n + 1);
	for (i = 0; i < n; i++)
		if (fds[i].revents != 0 && serve_secret(c, i) == -1)
			close_secret(&c->v[i]);
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

	if (alarm_command_reaped(c->alarm, pid, wstatus) ||
	    doors_reaped(c->doors, pid, wstatus))
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
		doors_kill(c->doors);
	}
	for (i = 0; i < c->n; i++)
		if (pid == 0 || c->v[i].pid == pid)
			kill(c->v[i].pid, SIGKILL);
	doors_accuse(c->doors, pid);
}

void
children_kill_overdue(struct children *c, int64_t now)
{
	alarm_command_kill_overdue(c->alarm, now);
	secret_commands_kill_overdue(c->commands, now);
	doors_tick(c->doors, now);
}

int64_t
children_deadline(const struct children *c)
{
	int64_t alarm = alarm_command_deadline(c->alarm);
	int64_t secret = secret_commands_deadline(c->commands);

	int64_t doors = doors_deadline(c->doors);
	int64_t first = alarm < secret ? alarm : secret;

	return doors < first ? doors : first;
}

size_t
children_count(const struct children *c)
{
	return c->n + secret_commands_count(c->commands) +
	       doors_count(c->doors) +
	       (alarm_command_is_running(c->alarm) ? 1 : 0);
}

void
children_close(struct children *c)
{
	close_secrets(c);
	alarm_command_close(c->alarm);
	vault_close(c->vault);
	doors_close(c->doors);
}

void
children_renew(struct children *c)
{
	doors_renew(c->doors);
}

void
children_shut(struct children *c)
{
	doors_shut(c->doors);
}

const uint8_t *
children_token(const struct children *c)
{
	return doors_token(c->doors);
}
