/* SPDX-License-Identifier: ISC */
/* Making a server's words fit to be shown. */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "common/utf8.h"
#include "mail/chars.h"
#include "delivery/form.h"
#include "delivery/token_text.h"

#define HIDDEN "[secret]"
#define LEAST  4 /* octets of what is worth hiding */
#define PART   8 /* of a secret that must not be shown either */

/*
 * So many octets at p are a secret, as it is or as it stands in a form: all of
 * it, or a part that is long enough from its beginning on, since a server may
 * have cut it.
 */
static size_t
match(const char *p, const struct buf *secret, bool is_form)
{
	size_t i, k, n, at = 0;
	char octet[3];

	for (i = 0; i < secret->len; i++) {
		octet[0] = secret->data[i];
		n = is_form ? form_octet((unsigned char)octet[0], octet) : 1;
		for (k = 0; k < n && p[at + k] == octet[k]; k++)
			;
		if (k < n || p[at] == '\0')
			break;
		at += n;
	}
	return (i == secret->len && i >= LEAST) || i >= PART ? at : 0;
}

/* The most of that for any of them. */
static size_t
secret_at(const char *p, const struct token_hidden *h)
{
	size_t i, n, most = 0;
	int is_form;

	for (i = 0; i < h->n; i++)
		for (is_form = 0; is_form < 2 && h->v[i] != NULL; is_form++) {
			n = match(p, h->v[i], is_form != 0);
			most = n > most ? n : most;
		}
	return most;
}

/* What does not fit ends the text: the rest would close up over the gap. */
static bool
add(char *out, size_t size, size_t *len, const char *p, size_t n)
{
	if (*len + n >= size)
		return false;
	memcpy(out + *len, p, n);
	*len += n;
	return true;
}

/* What cannot be shown: a blank for a run of it, or a sign for each octet. */
static bool
add_odd(char *out, size_t size, size_t *len, char c)
{
	if ((unsigned char)c > 0x7f)
		return add(out, size, len, "?", 1);
	if (*len == 0 || out[*len - 1] == ' ')
		return true;
	return add(out, size, len, " ", 1);
}

void
token_text_put(
    char *out, size_t size, const char *text, const struct token_hidden *h)
{
	bool fits = true;
	size_t n, len = 0;

	while (*text != '\0' && fits) {
		if (h != NULL && (n = secret_at(text, h)) > 0) {
			fits = add(out, size, &len, HIDDEN, strlen(HIDDEN));
		} else if ((unsigned char)*text > 0x20 &&
			   (unsigned char)*text < 0x7f) {
			n = 1;
			fits = add(out, size, &len, text, n);
		} else if ((n = utf8_len(text)) > 0) {
			fits = add(out, size, &len, text, n);
		} else {
			n = 1;
			fits = add_odd(out, size, &len, *text);
		}
		text += n;
	}
	while (len > 0 && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
}
