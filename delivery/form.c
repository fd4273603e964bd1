/* SPDX-License-Identifier: ISC */
/* Writing forms. */
#include "config.h"

#include <string.h>

#include "mail/chars.h"
#include "delivery/form.h"

static int
put_octet(struct buf *b, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";
	char escape[3] = { '%', digits[c >> 4], digits[c & 15] };

	if (char_is_alnum((char)c) || (c != '\0' && strchr("-._~", c) != NULL))
		return buf_putc(b, (char)c);
	return buf_append(b, escape, sizeof(escape));
}

int
form_put_octets(struct buf *b, const char *name, const void *p, size_t n)
{
	const unsigned char *from = p;
	size_t i;

	if ((b->len > 0 && buf_putc(b, '&') == -1) || buf_puts(b, name) == -1 ||
	    buf_putc(b, '=') == -1)
		return -1;
	for (i = 0; i < n; i++)
		if (put_octet(b, from[i]) == -1)
			return -1;
	return 0;
}

int
form_put(struct buf *b, const char *name, const char *value)
{
	return form_put_octets(b, name, value, strlen(value));
}
