/* SPDX-License-Identifier: ISC */
/*
 * Quoted-printable.  Line ends are the CRLFs of the text; any other CR or LF
 * is an octet like others, so that decoding gives the very same text.
 */
#include "config.h"

#include "mail/chars.h"
#include "mail/qp.h"

#define LINE_QP   76  /* RFC 2045 6.7 (5), with the "=" of a soft break */
#define LINE_7BIT 998 /* RFC 2045 2.7 */

static bool
is_line_end(const char *p, size_t n)
{
	return n >= 2 && p[0] == '\r' && p[1] == '\n';
}

/* A blank at the end of a line would be lost on the way (6.7 (3)). */
static bool
is_literal(const char *p, size_t n)
{
	if (char_is_blank(p[0]))
		return n > 1 && !is_line_end(p + 1, n - 1);
	return p[0] > ' ' && p[0] < 0x7f && p[0] != '=';
}

int
qp_put(struct buf *b, const char *p, size_t n)
{
	size_t used = 0, take;
	int rc = 0;

	for (; n > 0 && rc == 0; p += take, n -= take) {
		if (is_line_end(p, n)) {
			take = 2;
			used = 0;
			rc = buf_puts(b, "\r\n");
			continue;
		}
		take = 1;
		if (used + (is_literal(p, n) ? 1 : 3) >= LINE_QP) {
			rc = buf_puts(b, "=\r\n");
			used = 0;
		}
		if (rc == 0 && is_literal(p, n)) {
			rc = buf_putc(b, *p);
			used++;
		} else if (rc == 0) {
			rc = buf_printf(b, "=%02X", (unsigned char)*p);
			used += 3;
		}
	}
	return rc;
}

bool
text_is_7bit(const char *p, size_t n)
{
	size_t i, line = 0;

	for (i = 0; i < n; i++) {
		if (is_line_end(p + i, n - i)) {
			i++;
			line = 0;
		} else if (++line > LINE_7BIT || (unsigned char)p[i] >= 0x80 ||
			   (char_is_control(p[i]) && p[i] != '\t'))
			return false;
	}
	return true;
}
