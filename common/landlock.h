/* SPDX-License-Identifier: ISC */
#ifndef COMMON_LANDLOCK_H
#define COMMON_LANDLOCK_H

#include "common/sandbox.h"

/* A part of sandbox_linux.c: see common/sandbox.h for what it is to do. */

/* The highest version of the interface that this kernel speaks; 0: none. */
int landlock_abi(void);

/* Only these paths stay, for good; and what else that version can forbid. */
int landlock_enter(
    int abi, const struct sandbox_path *paths, size_t npaths, struct err *e);

#endif
