/* SPDX-License-Identifier: ISC */
/*
 * Message-IDs: the second in front is for people who read logs, the random
 * part alone makes the id unique, and neither tells anything about the sender.
 */
#include "config.h"

#include <string.h>

#include "common/buf.h"
#include "mail/chars.h"
#include "mail/date.h"
#include "mail/msgid.h"

#define HOSTNAME_MAX 255

char *
msgid_make(
    const uint8_t random[MSGID_RANDOM], int64_t now, const char *hostname)
{
	struct date_parts d;
	struct buf b;
	size_t i;

	date_split(now, &d);
	buf_init(&b, HOSTNAME_MAX + 64);
	buf_printf(&b, "<%04d%02d%02d%02d%02d%02d.", d.year, d.month, d.day,
	    d.hour, d.minute, d.second);
	for (i = 0; i < MSGID_RANDOM; i++)
		buf_printf(&b, "%02X", random[i]);
	buf_putc(&b, '@');
	if (hostname[0] == '\0')
		hostname = "localhost";
	for (i = 0; i < HOSTNAME_MAX && hostname[i] != '\0'; i++)
		buf_putc(&b, char_is_alnum(hostname[i]) ||
				     strchr(".-_[]:", hostname[i]) != NULL
				 ? hostname[i]
				 : '-');
	buf_putc(&b, '>');
	return buf_steal(&b);
}
