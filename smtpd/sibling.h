/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_SIBLING_H
#define SMTPD_SIBLING_H

#include <sys/types.h>

/*
 * A copy of this process that is not its child, but its parent's: who has
 * started us reaps, counts and kills it as if it had started it.  configure
 * picks the file behind this header: sibling_linux.c, or sibling_none.c where
 * no call does this.
 */

/* 0 in the copy, which has one thread as we have; its pid here, or -1. */
pid_t sibling_start(void);

/*
 * In the copy: it dies when parent does.  -1: parent is not its parent any
 * more, or that cannot be had.
 */
int sibling_bind(pid_t parent);

/* The name by which ps(1) shows this process, of 15 octets at most. */
void sibling_name(const char *name);

#endif
