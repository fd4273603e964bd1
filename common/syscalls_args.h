/* SPDX-License-Identifier: ISC */
#ifndef COMMON_SYSCALLS_ARGS_H
#define COMMON_SYSCALLS_ARGS_H

#include <sys/types.h>

#include <seccomp.h>

#include "common/sandbox.h"

/*
 * A part of syscalls.c: the calls that this profile may make with some
 * arguments, and not with others.  self is the process that the filter is for.
 * Returns 0, or what libseccomp says.
 */
int syscalls_add_args(
    scmp_filter_ctx ctx, enum sandbox_profile profile, pid_t self);

/* Certificates by their hash: files of those folders, to read. */
int syscalls_add_reading(scmp_filter_ctx ctx);

#endif
