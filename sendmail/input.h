/* SPDX-License-Identifier: ISC */
#ifndef SENDMAIL_INPUT_H
#define SENDMAIL_INPUT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/source.h"

/*
 * Where the message is read from.  The struct is the caller's, who also keeps
 * the descriptor.
 */
struct input {
	int fd;
	int64_t deadline_ms; /* monotonic: a writer so slow is given up */
	uint64_t taken;      /* octets read so far */
	uint64_t octets_max; /* more are too large a message; 0: no limit */
};

/* Without a limit, which the caller may set. */
void input_init(struct input *in, int fd, int64_t deadline_ms);

/* Reading it; rewinding works for a file alone. */
struct source input_source(struct input *in);

/*
 * Reads on and forgets, so that whoever writes is not killed for writing.  A
 * writer that goes on behind the end of the message (goes_on: it has already)
 * is heard to its own end, for a minute at most; one that does not may wait
 * for us with the pipe open, and is given three seconds.  A terminal or a file
 * is left alone.  Returns the octets forgotten.
 */
uint64_t input_drain(struct input *in, bool goes_on);

#endif
