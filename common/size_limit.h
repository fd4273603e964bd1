/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SIZE_LIMIT_H
#define COMMON_SIZE_LIMIT_H

#include <stdint.h>

/* How large a message may be, and by whose word: a refusal names that. */
struct size_limit {
	uint64_t octets;    /* 0: any */
	const char *option; /* static */
};

#define SIZE_LIMIT_NONE ((struct size_limit){ 0, NULL })
#define SIZE_LIMIT_QUEUE(octets) \
	((struct size_limit){ (octets), "queue.message_size_max" })
#define SIZE_LIMIT_LISTENER(octets) \
	((struct size_limit){ (octets), "listen.max_size" })

#endif
