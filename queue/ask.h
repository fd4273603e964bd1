/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_ASK_H
#define QUEUE_ASK_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "common/member.h"
#include "common/proto_token.h"
#include "queue/door_view.h"
#include "queue/knocks.h"

/*
 * What the queue process asks of its parent.  The queue process has given up
 * exec, the network and every file but its own, for good; the parent opens
 * and starts things for it, and never reads a byte of what it opens.  Both
 * are one program, so the requests are plain structs over a SOCK_SEQPACKET
 * pair, one packet each, with at most one descriptor.
 */

enum ask_what {
	ASK_DELIVER, /* start deliver for an account; its job channel comes */
	ASK_TOKEN,   /* start token for an account; its channel comes */
	ASK_GRANTED, /* what is known of the account's token; no answer */
	ASK_KNOWN,   /* what of the token that it has was said by ASK_GRANTED */
	ASK_ALIASES, /* local.aliases, opened for reading */
	ASK_INCLUDE, /* a file that the aliases name by :include: */
	ASK_STAMP,   /* what the account's secret file looks like now */
	ASK_KILL,    /* end a child that does not end by itself, or an smtpd */
	ASK_MEMBER,  /* is the uid one of the account's users? */
	ASK_ALARM,   /* start local.alarm_command for that text; no answer */
	ASK_LOG,     /* the log, which the parent has opened anew */
	ASK_NAME,    /* the uid's name */
	ASK_KNOCK,   /* the next client that was refused, which it forgets */
	ASK_LISTENER, /* how a listener is */
	ASK_ALIVE,    /* a sign of life for the watchdog; no answer */
	ASK_READY     /* the queue process takes mail; no answer */
};

#define ASK_TEXT_MAX 4096 /* with its NUL */

struct ask_request {
	enum ask_what what;
	uint32_t account;  /* index in conf->accounts */
	uint32_t listener; /* index in conf->listeners */
	uint32_t sockets;  /* ASK_READY: so many follow by common/fdpass.h */
	pid_t pid;
	uid_t uid;
	union {
		char path[PATH_MAX];
		char text[ASK_TEXT_MAX];
		struct token_granted granted;
	} with;
};

/* Changes whenever a secret file is replaced or written. */
struct ask_stamp {
	uint64_t device, inode, size;
	int64_t changed_ns;
};

struct ask_answer {
	bool ok;
	bool has_fd; /* which follows by common/fdpass.h */
	bool member;
	char name[MEMBER_NAME_MAX];
	pid_t pid;
	struct ask_stamp stamp;
	union {
		struct token_granted granted;
		struct knock knock; /* without a listener: there is none */
		struct door_view door;
	};
	struct err why; /* when not ok */
};

/*
 * Each asks and waits for the answer; the parent does nothing slow.  -1 with
 * *e filled when it said no.  A parent that is gone ends this process.
 */
struct ask; /* the queue process's end */
struct ask *ask_new(int fd);

/*
 * For a process that has no parent and no sandbox: it does itself what it is
 * asked, and starts nothing.
 */
struct ask *ask_new_alone(const struct conf *conf);
void ask_free(struct ask *a);

int ask_deliver(struct ask *a, uint32_t account, pid_t *pid, struct err *e);

/*
 * Starts token for an account of conf_asks_tokens: its token channel
 * (common/proto_token.h), on which ASK is due, or -1.  One at a time for an
 * account; a second is refused (ERR_TEMP, ASK_TOKEN_RUNS): the first is of a
 * queue process that was killed, and notices that within moments.
 */
#define ASK_TOKEN_RUNS "4.3.9" /* no status of RFC 3463's; shown to nobody */
int ask_token(struct ask *a, uint32_t account, pid_t *pid, struct err *e);

/*
 * The parent keeps the account's access token, also while the queue process is
 * started anew, and with it what GRANTED said of it: tell that, each time, and
 * ask for it at the start, so that the token endpoint is not.  A reload keeps
 * both for accounts whose sign-in it did not change.  -1: there is no token, or
 * nothing was said of it; ask for one by ask_token.
 */
void ask_granted(
    struct ask *a, uint32_t account, const struct token_granted *g);
int ask_known(
    struct ask *a, uint32_t account, struct token_granted *g, struct err *e);

int ask_aliases(struct ask *a, struct err *e); /* descriptor */
int ask_include(struct ask *a, const char *path, struct err *e);
int ask_stamp(
    struct ask *a, uint32_t account, struct ask_stamp *st, struct err *e);
int ask_member(
    struct ask *a, uint32_t account, uid_t uid, bool *member, struct err *e);

/* The same for mail/route.h; ask is the struct. */
int ask_admits(void *ask, size_t account, uid_t uid, struct err *e);
int ask_log(struct ask *a, struct err *e); /* descriptor */
int ask_name(struct ask *a, uid_t uid, char name[MEMBER_NAME_MAX],
    struct err *e); /* "": it has none */
int ask_knock(struct ask *a, struct knock *k, struct err *e); /* 1, 0, -1 */
int ask_listener(
    struct ask *a, uint32_t listener, struct door_view *v, struct err *e);
void ask_kill(struct ask *a, pid_t pid);
void ask_alive(struct ask *a);

/* Text beyond ASK_TEXT_MAX is cut. */
void ask_alarm(struct ask *a, const char *text);

/* With the sockets that were bound since, for the parent to keep. */
struct sockets;
void ask_ready(
    struct ask *a, const struct sockets *now, const struct sockets *before);

/* The parent's side of all requests that only look at files and users. */
void ask_look(const struct conf *conf, const struct ask_request *r,
    struct ask_answer *answer, int *fd);

#endif
