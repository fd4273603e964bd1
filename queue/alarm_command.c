/* SPDX-License-Identifier: ISC */
/*
 * Running local.alarm_command.
 *
 * A text is at most as long as a pipe holds at once, so it lies in the pipe
 * before the program is started, and nobody waits for the program to read it.
 * What it says on descriptor 2 is drained as it comes, so that a program that
 * says much is not held up by us; only its first line is kept.
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/log.h"
#include "common/spawn.h"
#include "common/xalloc.h"
#include "queue/alarm_command.h"

#define LIMIT_MS  60000
#define AGAIN_MS  1000 /* it is killed, and does not go */
#define SAID_MAX  512
#define READ_MAX  4096
#define READS_MAX 16 /* in a turn: others are served as well */

struct alarm_command {
	const struct conf *conf;
	bool no_commands;
	char *waiting[ALARM_COMMAND_WAITING];
	size_t nwaiting;
	pid_t pid; /* -1: none runs */
	char *program;
	int fd; /* its descriptor 2; -1: none */
	int64_t kill_at;
	bool is_overdue;
	char said[SAID_MAX]; /* its first line, as far as it came */
	size_t nsaid;
	bool has_line;
};

static void
complain(int priority, const char *program, const char *text)
{
	log_event(
	    priority, "alarm-command", "program", program, "text", text, NULL);
}

/* Said at the start, not when the alarm comes. */
static void
look_at_program(const struct alarm_command *c)
{
	const struct strlist *argv = &c->conf->local.alarm_command;
	struct stat st;

	if (c->no_commands || argv->n == 0)
		return;
	if (stat(argv->v[0], &st) == -1 || access(argv->v[0], X_OK) == -1)
		complain(LOG_WARNING, argv->v[0], strerror(errno));
	else if (!S_ISREG(st.st_mode))
		complain(LOG_WARNING, argv->v[0], "is no program");
}

struct alarm_command *
alarm_command_new(const struct conf *conf, bool no_commands)
{
	struct alarm_command *c = xcalloc(1, sizeof(*c));

	c->conf = conf;
	c->no_commands = no_commands;
	c->pid = c->fd = -1;
	look_at_program(c);
	return c;
}

static void
forget_waiting(struct alarm_command *c)
{
	while (c->nwaiting > 0)
		free(c->waiting[--c->nwaiting]);
}

void
alarm_command_free(struct alarm_command *c)
{
	alarm_command_close(c);
	forget_waiting(c);
	free(c->program);
	free(c);
}

void
alarm_command_set_conf(struct alarm_command *c, const struct conf *conf)
{
	c->conf = conf;
	look_at_program(c);
}

void
alarm_command_close(struct alarm_command *c)
{
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
}

/* ---- starting ---- */

/* The text in a pipe whose other end is closed: its reading end, or -1. */
static int
put_in_pipe(const char *text, struct err *e)
{
	size_t n = strlen(text);
	ssize_t put;
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "pipe");
	fcntl(fd[1], F_SETFL, O_NONBLOCK);
	put = write(fd[1], text, n);
	close(fd[1]);
	if (put == (ssize_t)n)
		return fd[0];
	close(fd[0]);
	return err_set(e, ERR_TEMP, "4.3.0", "the alarm does not fit a pipe");
}

static pid_t
spawn(struct alarm_command *c, int in, int out, struct err *e)
{
	const struct strlist *command = &c->conf->local.alarm_command;
	const char **argv = xcalloc(command->n + 1, sizeof(*argv));
	struct spawn s = { .argv = argv,
		.in = in,
		.out = -1,
		.log = out,
		.leads_group = true };
	pid_t pid;
	size_t i;

	for (i = 0; i < command->n; i++)
		argv[i] = command->v[i];
	pid = spawn_start(&s, e);
	free(argv);
	return pid;
}

static int
start(struct alarm_command *c, const char *text, struct err *e)
{
	int in, said[2];

	if ((in = put_in_pipe(text, e)) == -1)
		return -1;
	if (pipe2(said, O_CLOEXEC) == -1) {
		close(in);
		return err_errno(e, ERR_TEMP, "4.3.0", "pipe");
	}
	fcntl(said[0], F_SETFL, O_NONBLOCK);
	c->pid = spawn(c, in, said[1], e);
	close(in);
	close(said[1]);
	if (c->pid == -1) {
		close(said[0]);
		return -1;
	}
	c->fd = said[0];
	c->kill_at = clock_mono_ms() + LIMIT_MS;
	c->is_overdue = c->has_line = false;
	c->nsaid = 0;
	free(c->program);
	c->program = xstrdup(c->conf->local.alarm_command.v[0]);
	return 0;
}

static void
start_next(struct alarm_command *c)
{
	const struct strlist *argv = &c->conf->local.alarm_command;
	struct err e;
	char *text;

	while (c->pid == -1 && c->nwaiting > 0) {
		text = c->waiting[0];
		memmove(&c->waiting[0], &c->waiting[1],
		    --c->nwaiting * sizeof(c->waiting[0]));
		/* A new configuration may have none any more. */
		if (argv->n > 0 && start(c, text, &e) == -1)
			complain(LOG_ERR, argv->v[0], e.text);
		free(text);
	}
}

void
alarm_command_tell(struct alarm_command *c, const char *text)
{
	const struct strlist *argv = &c->conf->local.alarm_command;

	if (c->no_commands || argv->n == 0)
		return;
	if (c->nwaiting == ALARM_COMMAND_WAITING) {
		complain(LOG_ERR, argv->v[0],
		    "too many alarms wait for it; this one is left out");
		return;
	}
	c->waiting[c->nwaiting++] = xstrdup(text);
	start_next(c);
}

/* ---- what it says ---- */

static void
keep_first_line(struct alarm_command *c, const char *p, size_t n)
{
	for (; n > 0 && !c->has_line; p++, n--)
		if (*p == '\n')
			c->has_line = c->nsaid > 0;
		else if (c->nsaid < sizeof(c->said) - 1)
			c->said[c->nsaid++] = *p == '\0' ? ' ' : *p;
}

int
alarm_command_fd(const struct alarm_command *c)
{
	return c->fd;
}

void
alarm_command_hear(struct alarm_command *c)
{
	char bytes[READ_MAX];
	ssize_t n = 1;
	int i;

	for (i = 0; i < READS_MAX && n > 0 && c->fd != -1; i++) {
		n = read(c->fd, bytes, sizeof(bytes));
		if (n > 0)
			keep_first_line(c, bytes, (size_t)n);
		else if (n == 0)
			alarm_command_close(c);
	}
}

/* ---- the end ---- */

static void
log_end_of(struct alarm_command *c, int wstatus)
{
	char how[64];
	char *text;

	c->said[c->nsaid] = '\0';
	if (c->is_overdue)
		snprintf(how, sizeof(how), "did not end within %d s",
		    LIMIT_MS / 1000);
	else if (WIFSIGNALED(wstatus))
		snprintf(how, sizeof(how), "was ended by signal %d",
		    WTERMSIG(wstatus));
	else if (WEXITSTATUS(wstatus) != 0)
		snprintf(how, sizeof(how), "ended with status %d",
		    WEXITSTATUS(wstatus));
	else {
		log_event(LOG_INFO, "alarm-told", "program", c->program, NULL);
		return;
	}
	text = xasprintf("%s%s%s", how, c->nsaid > 0 ? ": " : "", c->said);
	complain(LOG_ERR, c->program, text);
	free(text);
}

bool
alarm_command_is_running(const struct alarm_command *c)
{
	return c->pid != -1;
}

bool
alarm_command_reaped(struct alarm_command *c, pid_t pid, int wstatus)
{
	if (c->pid == -1 || pid != c->pid)
		return false;
	/* Who it left behind may hold the other end for ever. */
	alarm_command_hear(c);
	alarm_command_close(c);
	log_end_of(c, wstatus);
	c->pid = -1;
	start_next(c);
	return true;
}

int64_t
alarm_command_deadline(const struct alarm_command *c)
{
	return c->pid == -1 ? CLOCK_NEVER : c->kill_at;
}

void
alarm_command_kill_overdue(struct alarm_command *c, int64_t now)
{
	if (now < alarm_command_deadline(c))
		return;
	c->is_overdue = true;
	c->kill_at = now + AGAIN_MS;
	kill(-c->pid, SIGKILL);
}

void
alarm_command_kill(struct alarm_command *c)
{
	if (c->nwaiting > 0)
		complain(LOG_ERR, c->program,
		    "mailchuted ends before all alarms were told to it");
	forget_waiting(c);
	if (c->pid != -1)
		kill(-c->pid, SIGKILL);
}
