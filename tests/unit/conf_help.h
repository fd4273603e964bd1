/* SPDX-License-Identifier: ISC */
#ifndef TESTS_UNIT_CONF_HELP_H
#define TESTS_UNIT_CONF_HELP_H

#include <stdbool.h>

#include "common/conf.h"

/* What the tests of the configuration share. */

#define MAILBOX "[account]\nuser = a@contoso.com\npassword_file = pw\n"
#define SMTP    "[account]\nprovider = smtp\nhost = mx.example\n"

/* web01 in contoso.com, 192.0.2.7 */
extern const struct conf_host web01;

/* Reads text as the file "f". */
struct conf *parse_as(
    const char *text, enum conf_use use, struct conf_problems *p);

/* A configuration that must be right, and without a warning. */
struct conf *good(const char *text);

/* One of the strings holds the part. */
bool has(const struct strlist *l, const char *part);

/* Text, and what one of its errors or warnings must hold. */
struct conf_case {
	const char *text;
	const char *want;
};
void refuses_each(const struct conf_case *v, size_t n);
void warns_of_each(const struct conf_case *v, size_t n);

#endif
