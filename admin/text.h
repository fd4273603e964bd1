/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_TEXT_H
#define ADMIN_TEXT_H

#include <stdint.h>
#include <stdio.h>

/*
 * What people read.  All text that comes from elsewhere goes out by text_put:
 * a terminal never receives the bytes of a remote server.
 */
void text_put(FILE *out, const char *s); /* NULL is nothing */

#define TEXT_SHORT 24
#define TEXT_TIME  32

/* "12s", "5m", "3h", "12d": one unit, rounded down; never negative. */
void text_age(int64_t seconds, char out[TEXT_SHORT]);

/* "873B", "1.2K", "34M" */
void text_size(uint64_t octets, char out[TEXT_SHORT]);

/* When, seen from now: "in 40s", "now", or "-" for 0. */
void text_next(int64_t at, int64_t now, char out[TEXT_SHORT]);

/* "2026-11-24 10:42:07" in local time, "2026-11-24T09:42:07Z" in UTC. */
void text_local_time(int64_t at, char out[TEXT_TIME]);
void text_utc_time(int64_t at, char out[TEXT_TIME]);

/* "450 4.2.1 text", each part where it is known; text may begin with them. */
void text_put_reply(
    FILE *out, uint64_t code, const char *status, const char *text);

/*
 * Lines of a terminal's width, each begun with indent blanks.  label stands in
 * the first of them.  A command for PowerShell is not broken, however long it
 * is: it is there to be copied.
 */
void text_put_para(
    FILE *out, unsigned indent, const char *label, const char *s);

/* The name of an account as people see it: the plain one has none. */
const char *text_account(const char *name);

#endif
