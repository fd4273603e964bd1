/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_GUESTS_PRIV_H
#define QUEUE_GUESTS_PRIV_H

#include "common/fdpass.h"
#include "common/proto_origin.h"
#include "queue/fork_servers.h"
#include "queue/guesses.h"
#include "queue/guests.h"
#include "queue/turned.h"

/* Shared by guests.c and guests_*.c alone, and by tests. */

/*
 *	        asks            a place is free          right
 *	nothing ----> it waits ----------------> checked ----> it has a login
 *	   ^    \                                   | wrong
 *	   |     +- shut out --------------------+  v
 *	   +---------- after a while -----------  refused
 */
enum sign_in_state {
	SIGN_IN_NOTHING,
	SIGN_IN_WAITS,   /* for a checker, since at */
	SIGN_IN_CHECKED, /* one compares */
	SIGN_IN_REFUSED  /* and hears so at that moment */
};

struct sign_in {
	enum sign_in_state state;
	int64_t at;        /* monotonic */
	const char *words; /* of a refusal */
	char *login;       /* NULL: it has not signed in */
	char *senders;     /* or NULL */
	bool is_void;      /* it was by another configuration */
};

struct guest {
	pid_t pid;
	pid_t by;                       /* its fork server; 0: none */
	struct gate *gate;              /* NULL: its listener is gone */
	const struct conf_listen *conf; /* NULL: so it is */
	struct network client;
	char text[NETWORK_TEXT]; /* its address */
	int channel;             /* -1: closed */
	unsigned troubles;       /* told by it */
	bool is_without_auth;    /* as it was told */
	bool is_condemned;       /* killed as taken over */
	struct sign_in sign_in;
};

struct guests {
	const struct conf *conf;
	struct guest v[GUESTS_MAX];
	size_t n;
	uint8_t token[ORIGIN_TOKEN];
	struct fork_servers *servers;
	bool is_killed; /* what ends now ends by us */
	struct checkers *checkers;
	struct guesses *guesses;
	struct knocks *knocks;
	struct turned condemned; /* lines about them */
	struct err told; /* the latest trouble, which is not told each time */
	int64_t told_at;
};

struct guest *guests_find(struct guests *g, pid_t pid); /* or NULL */
void guests_close_channel(struct guest *one);

/*
 * What this one does, no smtpd of ours does, whatever its client says: it was
 * taken over.  It is killed, and so is the fork server that made it, as after a
 * crash.
 */
void guests_condemn(struct guests *g, struct guest *one, const char *what);

/* Something has come on its channel, or its end has. */
void guests_hear(struct guests *g, struct guest *one);

/*
 * An answer: fd, which stays the caller's, or -1, with text.  It waits for
 * nobody: what does not fit at once is the end of the channel.
 */
void guests_answer(struct guest *one, int fd, const char *text);

/*
 * Starts smtpd for a client on fd, and tells it how to serve him.  -1 with *e
 * filled: it does not run, or ends.
 */
int guests_start(struct guests *g, struct guest *one, const struct pair *pair,
    int fd, struct err *e);

/* It asks to sign in. */
void guests_auth_ask(struct guests *g, struct guest *one, int64_t now_ms);

/*
 * The configuration is another: what it has signed in by may be gone, and what
 * is being compared is compared with the one before.
 */
void guests_auth_void(struct guest *one);

/* May it send?  NULL, or words for why not. */
const char *guests_auth_check(const struct guest *one);

/* Checkers' descriptors, CHECKERS_MAX of them. */
void guests_auth_serve(
    struct guests *g, const struct pollfd *fds, int64_t now_ms);

/* Whose turn has come. */
void guests_auth_tick(struct guests *g, int64_t now_ms);
int64_t guests_auth_deadline(const struct guests *g);

void guests_auth_forget(struct guests *g, struct guest *one);

#endif
