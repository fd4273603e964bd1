/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_PIPE_H
#define SMTPD_PIPE_H

#include "smtpd/conn.h"

/*
 * Octets by two descriptors, as standard input and output are: pipes, files, a
 * terminal or a socket.  The struct is the caller's, who also keeps the
 * descriptors.
 */
struct pipe_ends {
	int in, out;
	const int *channel; /* whose end ends a wait for octets; or NULL */
};

struct io pipe_io(struct pipe_ends *p);

#endif
