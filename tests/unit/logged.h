/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_LOGGED_H
#define TESTS_UNIT_LOGGED_H

#include <stdio.h>

/* In how many lines of what was logged into a file this stands. */
unsigned logged_lines(FILE *log, const char *text);

#endif
