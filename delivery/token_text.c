/* SPDX-License-Identifier: ISC */
/* Making a server's words fit to be shown. */
#include "config.h"

#include <string.h>

#include "common/utf8.h"
#include "mail/chars.h"
#include "delivery/form.h"
#include "delivery/token_text.h"

#define HIDDEN   "[secret]"
#define LEAST    4 /* octets of what is worth hiding */
#define PART     8 /* of a secret that must not be shown either */
#define FORM_MAX (256 * 1024)

/*
 * So many octets at p are a secret: all of it, or a part that is long enough
 * from its beginning on, since a server may have cut it.
 */
static size_t
match(const char *p, const char *secret, size_t n)
{
	size_t i;

	for (i = 0; i < n && p[i] != '\0' && p[i] == secret[i]; i++)
		;
	return (i == n && n >= LEAST) || i >= PART ? i : 0;
}

/* The same for any of them, as it is or as it stands in a form. */
static size_t
secret_at(const char *p, const struct token_hidden *h)
{
	struct buf form;
	size_t i, n = 0;

	for (i = 0; i < h->n && n == 0; i++) {
		if (h->v[i] == NULL || h->v[i]->len == 0)
			continue;
		n = match(p, h->v[i]->data, h->v[i]->len);
		if (n > 0)
			break;
		buf_init(&form, FORM_MAX);
		if (form_put_octets(&form, "", h->v[i]->data, h->v[i]->len) ==
		    0)
			n = match(p, form.data + 1, form.len - 1);
		buf_wipe(&form);
	}
	return n;
}

static void
add(char *out, size_t size, size_t *len, const char *p, size_t n)
{
	if (*len + n < size) {
		memcpy(out + *len, p, n);
		*len += n;
	}
}

void
token_text_put(
    char *out, size_t size, const char *text, const struct token_hidden *h)
{
	size_t n, len = 0;

	while (*text != '\0' && len + 1 < size) {
		if (h != NULL && (n = secret_at(text, h)) > 0) {
			add(out, size, &len, HIDDEN, strlen(HIDDEN));
			text += n;
		} else if ((unsigned char)*text > 0x20 &&
			   (unsigned char)*text < 0x7f) {
			add(out, size, &len, text++, 1);
		} else if ((n = utf8_len(text)) > 0) {
			add(out, size, &len, text, n);
			text += n;
		} else {
			/* A run of blanks and controls is one blank. */
			if (len > 0 && out[len - 1] != ' ')
				out[len++] =
				    (unsigned char)*text > 0x7f ? '?' : ' ';
			text++;
		}
	}
	while (len > 0 && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
}
