/* SPDX-License-Identifier: ISC */
/* Writing forms. */
#include "config.h"

#include <string.h>

#include "mail/chars.h"
#include "delivery/form.h"

size_t
form_octet(unsigned char c, char out[3])
{
	static const char digits[] = "0123456789ABCDEF";

	if (char_is_alnum((char)c) ||
	    (c != '\0' && strchr("-._~", c) != NULL)) {
		out[0] = (char)c;
		return 1;
	}
	out[0] = '%';
	out[1] = digits[c >> 4];
	out[2] = digits[c & 15];
	return 3;
}

int
form_put_octets(struct buf *b, const char *name, const void *p, size_t n)
{
	const unsigned char *from = p;
	char octet[3];
	size_t i;

	if ((b->len > 0 && buf_putc(b, '&') == -1) || buf_puts(b, name) == -1 ||
	    buf_putc(b, '=') == -1)
		return -1;
	for (i = 0; i < n; i++)
		if (buf_append(b, octet, form_octet(from[i], octet)) == -1)
			return -1;
	return 0;
}

int
form_put(struct buf *b, const char *name, const char *value)
{
	return form_put_octets(b, name, value, strlen(value));
}
