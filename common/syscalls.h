/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SYSCALLS_H
#define COMMON_SYSCALLS_H

#include <linux/filter.h>

#include "common/sandbox.h"

/* A part of sandbox_linux.c: see common/sandbox.h for what it is to do. */

/* Only the calls of this profile stay, for good; npaths: it may open files. */
int syscalls_enter(enum sandbox_profile profile, enum sandbox_mode mode,
    size_t npaths, struct err *e);

/* The same as a program for the kernel, for processes that open none. */
struct syscalls {
	struct sock_filter code[1024];
	unsigned short n;
};
int syscalls_make(
    struct syscalls *s, enum sandbox_profile profile, enum sandbox_mode mode);
int syscalls_enter_made(const struct syscalls *s, struct err *e);

#endif
