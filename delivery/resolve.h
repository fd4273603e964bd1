/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_RESOLVE_H
#define DELIVERY_RESOLVE_H

#include <stdbool.h>

#include "common/err.h"
#include "common/proto_job.h"
#include "delivery/address.h"

/*
 * From the list of hosts in the configuration to a connected socket.  Done
 * before the sandbox, since the name service opens files and sockets of its
 * own.
 */

struct host {
	char name[256]; /* A-labels, or a numeric address; no brackets */
	unsigned port;
};

/*
 * Reads "name", "name:port", "192.0.2.1", "[2001:db8::1]:25" or a bare IPv6
 * address.  port is for where none is given.
 */
int host_parse(const char *text, unsigned port, struct host *h, struct err *e);

/*
 * Connects to the first host, and address of it, that answers; every address
 * is tried, none for long.  Returns the socket and fills sofar with the host's
 * name and address, how many hosts were passed over and what they said; or -1,
 * and *e tells what each host and address said.  watch is the job channel,
 * whose end ends the try. *is_loopback tells whether the other end is on this
 * machine.
 */
int resolve_connect(const struct job_session *js, int watch, struct host *h,
    struct job_ready *sofar, bool *is_loopback, struct err *e);

#endif
