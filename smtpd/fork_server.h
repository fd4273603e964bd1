/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_FORK_SERVER_H
#define SMTPD_FORK_SERVER_H

/*
 * Copies itself for each client that mailchuted's parent hands to it
 * (common/proto_fork.h); the copy calls serve, and ends with what that returns.
 * What is dear to make and is no client's, the caller has made before: it is in
 * each copy.
 *
 * It holds no secret, no key and no octet of a client, and no copy holds its
 * channel, so that no client finds here what is another's.  Returns the exit
 * status when the parent has closed.
 */
int fork_server_run(int (*serve)(void));

#endif
