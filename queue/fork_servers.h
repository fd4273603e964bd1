/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_FORK_SERVERS_H
#define QUEUE_FORK_SERVERS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/*
 * The fork servers of listeners (common/proto_fork.h), of which each kind has
 * one at most that is asked.  It is started by the first client that needs it.
 *
 * Its copies have one another's layout of memory and their canaries.  So that
 * nobody can find these out by trying, the next client gets another server
 * after a copy has crashed; and because they may become known without that, and
 * for what of the system was renewed meanwhile, after FORK_CLIENTS or FORK_MS,
 * at which one more start is nothing.
 */
#define FORK_CLIENTS 1000
#define FORK_MS      (10 * 60 * 1000)

/* What of the system's OpenSSL they have read: see smtpd/tls.h. */
enum fork_kind {
	FORK_USUAL, /* "smtpd -f": its configuration */
	FORK_OLD    /* "smtpd -F": not that */
};
#define FORK_KINDS 2

struct fork_servers;
struct fork_servers *fork_servers_new(void);
void fork_servers_free(struct fork_servers *s);

/*
 * Makes an smtpd with client on its descriptors 0 and 1, and channel on
 * LISTEN_FD.  Its pid, with *by that of its server; or -1.  Then a process may
 * hold both descriptors all the same, so that nothing may be said on this
 * channel any more.
 *
 * Whoever then asks again gets a new server, or hears at once that there is
 * none for a while.
 */
pid_t fork_servers_start(struct fork_servers *s, enum fork_kind kind,
    int client, int channel, pid_t *by);

/* One that was made by that server has crashed. */
void fork_servers_doubt(struct fork_servers *s, pid_t by);

/* All that there are end; the next clients get others. */
void fork_servers_renew(struct fork_servers *s);

/* Whose time is over; and when the next one's will be. */
void fork_servers_tick(struct fork_servers *s, int64_t now_ms);
int64_t fork_servers_deadline(const struct fork_servers *s); /* monotonic */

/* true: it was one of ours. */
bool fork_servers_reaped(struct fork_servers *s, pid_t pid, int wstatus);
size_t fork_servers_count(const struct fork_servers *s); /* processes */
void fork_servers_close(struct fork_servers *s);         /* for a fork */

#endif
