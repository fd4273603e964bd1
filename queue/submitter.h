/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_SUBMITTER_H
#define QUEUE_SUBMITTER_H

#include <sys/types.h>

#include <stdint.h>

/*
 * Who has a turn of his own, and limits: a user, or a device that sends by a
 * listener, whose mail is all of mailchuted's uid.  Its number is made of what
 * makes it that device (queue/origin.h), and has 31 bits; a user's is 0.
 */
#define DEVICE_NONE 0

static inline uint64_t
submitter_of(uid_t uid, uint32_t device)
{
	return (uint64_t)device << 32 | (uint32_t)uid;
}

static inline uid_t
submitter_uid(uint64_t who)
{
	return (uid_t)(uint32_t)who;
}

static inline uint32_t
submitter_device(uint64_t who)
{
	return (uint32_t)(who >> 32);
}

#endif
