/* SPDX-License-Identifier: ISC */
#ifndef COMMON_CONF_SYNTAX_H
#define COMMON_CONF_SYNTAX_H

#include <stdbool.h>
#include <stdint.h>

/* What a value of the configuration may look like.  All of this is pure. */

bool syntax_is_text(const char *text);     /* not empty, UTF-8 */
bool syntax_is_word(const char *text);     /* ... without blanks and quotes */
bool syntax_is_domain(const char *text);   /* labels; needs no dot */
bool syntax_is_literal(const char *text);  /* [192.0.2.1], [IPv6:2001:db8::1] */
bool syntax_is_hostname(const char *text); /* domain or literal */
bool syntax_is_address(const char *text);  /* local@domain */
bool syntax_is_pattern(const char *text);

/*
 * "network=pattern": the pattern, and *n; of a pattern alone n->family is
 * AF_UNSPEC.
 */
struct network;
const char *syntax_sender(const char *text, struct network *n);
bool syntax_is_sender(const char *text);
bool syntax_is_account(const char *text); /* a system user or group */
bool syntax_is_account_or_group(const char *text);
bool syntax_is_absolute(const char *text);
bool syntax_is_id(const char *text);
bool syntax_is_url(const char *text);
bool syntax_is_hostport(const char *text);
bool syntax_is_ip(const char *text); /* an address of IPv4 or IPv6 */
bool syntax_is_network(const char *text);
bool syntax_is_date(const char *text);

/* Each 0 or -1; a value that overflows is none. */
int syntax_read_number(const char *text, uint64_t *v);
int syntax_read_duration(const char *text, uint64_t *seconds);
int syntax_read_size(const char *text, uint64_t *octets);

#endif
