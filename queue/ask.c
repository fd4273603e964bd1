/* SPDX-License-Identifier: ISC */
/*
 * The queue process's side of its channel to the parent: one request, one
 * answer, in turn; and what the parent looks up for it.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "queue/ask.h"
#include "common/filesource.h"
#include "common/member.h"
#include "queue/secret.h"
#include "queue/sockets.h"

#define ANSWER_MS 10000 /* the parent does nothing slow */

struct ask {
	int fd; /* -1: alone */
	const struct conf *conf;
};

struct ask *
ask_new(int fd)
{
	struct ask *a = xcalloc(1, sizeof(*a));

	a->fd = fd;
	return a;
}

struct ask *
ask_new_alone(const struct conf *conf)
{
	struct ask *a = ask_new(-1);

	a->conf = conf;
	return a;
}

void
ask_free(struct ask *a)
{
	if (a == NULL)
		return;
	if (a->fd != -1)
		close(a->fd);
	free(a);
}

void
ask_look(const struct conf *conf, const struct ask_request *r,
    struct ask_answer *answer, int *fd)
{
	const struct conf_account *account = &conf->accounts[r->account];
	switch (r->what) {
	case ASK_ALIASES:
		*fd = filesource_open(conf->local.aliases, FILESOURCE_ALIASES,
		    geteuid(), &answer->why);
		answer->ok = answer->has_fd = *fd != -1;
		break;
	case ASK_INCLUDE:
		*fd = filesource_open(
		    r->with.path, FILESOURCE_INCLUDE, geteuid(), &answer->why);
		answer->ok = answer->has_fd = *fd != -1;
		break;
	case ASK_STAMP:
		if (!secret_is_file(account))
			err_set(&answer->why, ERR_LOCAL, "5.3.5",
			    "the account has no file");
		else
			answer->ok = secret_stamp_all(conf, account,
					 &answer->stamp, &answer->why) == 0;
		break;
	case ASK_MEMBER:
		answer->ok = true;
		answer->member = member_has(&account->users, r->uid);
		break;
	case ASK_LOG:
		*fd = fcntl(log_fd(), F_DUPFD_CLOEXEC, 0);
		answer->ok = answer->has_fd = *fd != -1;
		if (*fd == -1)
			err_set(&answer->why, ERR_LOCAL, "4.3.0",
			    "the log is no file");
		break;
	case ASK_NAME:
		answer->ok = true;
		member_name(r->uid, answer->name);
		break;
	case ASK_KNOCK:
		answer->ok = true; /* nobody was */
		break;
	case ASK_LISTENER:
		answer->ok = true;
		answer->door.state = DOOR_SHUT;
		strlcpy(answer->door.text, "mailchuted is not running",
		    sizeof(answer->door.text));
		break;
	case ASK_DELIVER:
	case ASK_TOKEN:
	case ASK_GRANTED:
	case ASK_KNOWN:
	case ASK_KILL:
	case ASK_ALARM:
	case ASK_ALIVE:
	case ASK_READY:
		err_set(&answer->why, ERR_TEMP, "4.3.2",
		    "nothing is delivered without mailchuted");
		break;
	}
}

static void
tell(struct ask *a, const struct ask_request *r)
{
	ssize_t n;

	if (a->fd == -1)
		return;
	do
		n = send(a->fd, r, sizeof(*r), MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	/*
	 * Without a parent nothing can be delivered, and an orphan must not
	 * hold the lock: what is committed is safe, the rest was not promised.
	 */
	if (n != (ssize_t)sizeof(*r))
		_exit(EX_OSERR);
}

static void
hear(struct ask *a, struct ask_answer *answer, int *fd)
{
	char text[FDPASS_TEXT_MAX];
	ssize_t n;

	do
		n = recv(a->fd, answer, sizeof(*answer), 0);
	while (n == -1 && errno == EINTR);
	if (n != (ssize_t)sizeof(*answer) ||
	    (answer->has_fd &&
		fdpass_recv(a->fd, fd, text, clock_mono_ms() + ANSWER_MS,
		    &answer->why) == -1))
		_exit(EX_OSERR);
}

static int
ask(struct ask *a, const struct ask_request *r, struct ask_answer *answer,
    int *fd, struct err *e)
{
	int got = -1;

	memset(answer, 0, sizeof(*answer));
	tell(a, r);
	if (a->fd == -1)
		ask_look(a->conf, r, answer, &got);
	else
		hear(a, answer, &got);
	if (fd != NULL)
		*fd = got;
	else if (got != -1)
		close(got);
	if (answer->ok)
		return 0;
	return err_set(
	    e, answer->why.class, answer->why.status, "%s", answer->why.text);
}

/* A program of the parent's: our end of its channel. */
static int
ask_program(struct ask *a, enum ask_what what, uint32_t account, pid_t *pid,
    struct err *e)
{
	struct ask_request r = { .what = what, .account = account };
	struct ask_answer answer;
	int fd;

	if (ask(a, &r, &answer, &fd, e) == -1)
		return -1;
	*pid = answer.pid;
	return fd;
}

int
ask_deliver(struct ask *a, uint32_t account, pid_t *pid, struct err *e)
{
	return ask_program(a, ASK_DELIVER, account, pid, e);
}

int
ask_token(struct ask *a, uint32_t account, pid_t *pid, struct err *e)
{
	return ask_program(a, ASK_TOKEN, account, pid, e);
}

void
ask_granted(struct ask *a, uint32_t account, const struct token_granted *g)
{
	struct ask_request r = { .what = ASK_GRANTED, .account = account };

	r.with.granted = *g;
	tell(a, &r);
}

int
ask_known(
    struct ask *a, uint32_t account, struct token_granted *g, struct err *e)
{
	struct ask_request r = { .what = ASK_KNOWN, .account = account };
	struct ask_answer answer;

	if (ask(a, &r, &answer, NULL, e) == -1)
		return -1;
	*g = answer.granted;
	return 0;
}

int
ask_aliases(struct ask *a, struct err *e)
{
	struct ask_request r = { .what = ASK_ALIASES };
	struct ask_answer answer;
	int fd;

	return ask(a, &r, &answer, &fd, e) == -1 ? -1 : fd;
}

int
ask_include(struct ask *a, const char *path, struct err *e)
{
	struct ask_request r = { .what = ASK_INCLUDE };
	struct ask_answer answer;
	int fd;

	if (strlcpy(r.with.path, path, sizeof(r.with.path)) >=
	    sizeof(r.with.path))
		return err_set(e, ERR_LOCAL, "5.3.5", "file name is too long");
	return ask(a, &r, &answer, &fd, e) == -1 ? -1 : fd;
}

int
ask_log(struct ask *a, struct err *e)
{
	struct ask_request r = { .what = ASK_LOG };
	struct ask_answer answer;
	int fd;

	return ask(a, &r, &answer, &fd, e) == -1 ? -1 : fd;
}

int
ask_stamp(struct ask *a, uint32_t account, struct ask_stamp *st, struct err *e)
{
	struct ask_request r = { .what = ASK_STAMP, .account = account };
	struct ask_answer answer;

	if (ask(a, &r, &answer, NULL, e) == -1)
		return -1;
	*st = answer.stamp;
	return 0;
}

int
ask_member(
    struct ask *a, uint32_t account, uid_t uid, bool *member, struct err *e)
{
	struct ask_request r = {
		.what = ASK_MEMBER, .account = account, .uid = uid
	};
	struct ask_answer answer;

	if (ask(a, &r, &answer, NULL, e) == -1)
		return -1;
	*member = answer.member;
	return 0;
}

int
ask_admits(void *ask, size_t account, uid_t uid, struct err *e)
{
	bool member;

	if (ask_member(ask, (uint32_t)account, uid, &member, e) == -1)
		return -1;
	return member ? 1 : 0;
}

int
ask_name(struct ask *a, uid_t uid, char name[MEMBER_NAME_MAX], struct err *e)
{
	struct ask_request r = { .what = ASK_NAME, .uid = uid };
	struct ask_answer answer;

	if (ask(a, &r, &answer, NULL, e) == -1)
		return -1;
	answer.name[MEMBER_NAME_MAX - 1] = '\0';
	strlcpy(name, answer.name, MEMBER_NAME_MAX);
	return 0;
}

int
ask_knock(struct ask *a, struct knock *k, struct err *e)
{
	struct ask_request r = { .what = ASK_KNOCK };
	struct ask_answer answer;

	if (ask(a, &r, &answer, NULL, e) == -1)
		return -1;
	*k = answer.knock;
	return k->listener[0] == '\0' ? 0 : 1;
}

int
ask_listener(
    struct ask *a, uint32_t listener, struct door_view *v, struct err *e)
{
	struct ask_request r = { .what = ASK_LISTENER, .listener = listener };
	struct ask_answer answer;

	if (ask(a, &r, &answer, NULL, e) == -1)
		return -1;
	*v = answer.door;
	return 0;
}

void
ask_kill(struct ask *a, pid_t pid)
{
	struct ask_request r = { .what = ASK_KILL, .pid = pid };

	tell(a, &r);
}

void
ask_alive(struct ask *a)
{
	struct ask_request r = { .what = ASK_ALIVE };

	tell(a, &r);
}

void
ask_alarm(struct ask *a, const char *text)
{
	struct ask_request r = { .what = ASK_ALARM };

	strlcpy(r.with.text, text, sizeof(r.with.text));
	tell(a, &r);
}

void
ask_ready(
    struct ask *a, const struct sockets *now, const struct sockets *before)
{
	struct ask_request r = { .what = ASK_READY };
	int i;

	for (i = 0; i < SOCKETS; i++)
		r.sockets += now->fd[i] != before->fd[i];
	tell(a, &r);
	for (i = 0; i < SOCKETS; i++)
		if (now->fd[i] != before->fd[i] &&
		    fdpass_send(a->fd, now->fd[i], sockets_name(i),
			clock_mono_ms() + ANSWER_MS, NULL) == -1)
			_exit(EX_OSERR);
}
