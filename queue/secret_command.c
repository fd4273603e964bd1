/* SPDX-License-Identifier: ISC */
/*
 * Running account.password_command: argv as it was written, no shell, an
 * environment made from nothing (queue/spawn.c), nothing to read.
 *
 * The exit status counts: a command that fails may have printed half of
 * something, or a message of its own, and neither is to be tried as a password.
 */
#include "config.h"

#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/spawn.h"
#include "common/xalloc.h"
#include "queue/secret_command.h"

#define LIMIT_MS 60000 /* it may ask a vault over the network */
#define AGAIN_MS 1000  /* it is killed, and does not go */

struct secret_commands {
	struct secret_command {
		pid_t pid, asker;
		char *program;
		int64_t kill_at;
		bool is_overdue;
	} v[SECRET_COMMANDS_MAX];
	size_t n;
};

struct secret_commands *
secret_commands_new(void)
{
	return xcalloc(1, sizeof(struct secret_commands));
}

void
secret_commands_free(struct secret_commands *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		free(c->v[i].program);
	free(c);
}

static pid_t
spawn(const struct strlist *command, int out, struct err *e)
{
	const char **argv = xcalloc(command->n + 1, sizeof(*argv));
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct spawn s = { .argv = argv,
		.in = -1,
		.out = out,
		.log = null,
		.leads_group = true };
	pid_t pid = -1;
	size_t i;

	for (i = 0; i < command->n; i++)
		argv[i] = command->v[i];
	if (null == -1)
		err_errno(e, ERR_TEMP, "4.3.0", "/dev/null");
	else {
		pid = spawn_start(&s, e);
		close(null);
	}
	free(argv);
	return pid;
}

int
secret_command_start(struct secret_commands *c, const struct strlist *argv,
    pid_t asker, struct err *e)
{
	struct secret_command *one = &c->v[c->n];
	int fd[2];

	if (c->n == SECRET_COMMANDS_MAX)
		return err_set(
		    e, ERR_TEMP, "4.3.2", "too many password_commands run");
	if (pipe2(fd, O_CLOEXEC) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "password_command");
	one->pid = spawn(argv, fd[1], e);
	close(fd[1]);
	if (one->pid == -1) {
		close(fd[0]);
		return -1;
	}
	one->asker = asker;
	one->program = xstrdup(argv->v[0]);
	one->kill_at = clock_mono_ms() + LIMIT_MS;
	one->is_overdue = false;
	c->n++;
	return fd[0];
}

/* ---- the end ---- */

#define BY_HAND "run it by hand as queue.user to see why"

static void
judge(const struct secret_command *one, int wstatus, struct err *why)
{
	err_clear(why);
	if (one->is_overdue)
		err_set(why, ERR_TEMP, "4.3.0",
		    "%s did not end within %d s and was killed; " BY_HAND,
		    one->program, LIMIT_MS / 1000);
	else if (WIFSIGNALED(wstatus))
		err_set(why, ERR_TEMP, "4.3.0",
		    "%s was ended by signal %d; " BY_HAND, one->program,
		    WTERMSIG(wstatus));
	else if (WEXITSTATUS(wstatus) != 0)
		err_set(why,
		    WEXITSTATUS(wstatus) == EX_TEMPFAIL ? ERR_TEMP : ERR_LOCAL,
		    "4.3.0", "%s ended with status %d; " BY_HAND, one->program,
		    WEXITSTATUS(wstatus));
}

bool
secret_command_reaped(struct secret_commands *c, pid_t pid, int wstatus,
    pid_t *asker, struct err *why)
{
	size_t i;

	for (i = 0; i < c->n && c->v[i].pid != pid; i++)
		;
	if (i == c->n)
		return false;
	/* The group may outlive its leader, and its number with it. */
	(void)kill(-pid, SIGKILL);
	*asker = c->v[i].asker;
	judge(&c->v[i], wstatus, why);
	free(c->v[i].program);
	c->v[i] = c->v[--c->n];
	return true;
}

void
secret_commands_kill(struct secret_commands *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		(void)kill(-c->v[i].pid, SIGKILL);
}

void
secret_commands_kill_overdue(struct secret_commands *c, int64_t now)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (now < c->v[i].kill_at)
			continue;
		c->v[i].is_overdue = true;
		c->v[i].kill_at = now + AGAIN_MS;
		(void)kill(-c->v[i].pid, SIGKILL);
	}
}

int64_t
secret_commands_deadline(const struct secret_commands *c)
{
	int64_t at = CLOCK_NEVER;
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->v[i].kill_at < at)
			at = c->v[i].kill_at;
	return at;
}

size_t
secret_commands_count(const struct secret_commands *c)
{
	return c->n;
}
