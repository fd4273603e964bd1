/* SPDX-License-Identifier: ISC */
/* What OpenSSL's calls say, in our words. */
#include "config.h"

#include <errno.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/tls_io.h"

const char *
tls_io_reason(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = ERR_reason_error_string(code);

	ERR_clear_error();
	return text == NULL ? "no reason was given" : text;
}

int
tls_io_judge(struct tls_io *t, int rc, enum tls_want *want, struct err *e)
{
	int error = errno;

	switch (SSL_get_error(t->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		*want = TLS_WANT_READ;
		return 0;
	case SSL_ERROR_WANT_WRITE:
		*want = TLS_WANT_WRITE;
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		*want = TLS_WANT_NOTHING;
		return 0;
	case SSL_ERROR_SYSCALL:
		t->is_broken = true;
		errno = error;
		return err_errno(e, ERR_TEMP, "4.4.2", "TLS");
	default:
		t->is_broken = true;
		/* Closed without close_notify: the caller takes it as an end.
		 */
		if (ERR_GET_REASON(ERR_peek_last_error()) ==
		    SSL_R_UNEXPECTED_EOF_WHILE_READING) {
			ERR_clear_error();
			*want = TLS_WANT_NOTHING;
			return 0;
		}
		return err_set(
		    e, ERR_TEMP, TLS_STATUS, "TLS: %s", tls_io_reason());
	}
}

ssize_t
tls_io_read(
    struct tls_io *t, void *p, size_t n, enum tls_want *want, struct err *e)
{
	size_t got;
	int rc;

	*want = TLS_WANT_NOTHING;
	ERR_clear_error();
	if ((rc = SSL_read_ex(t->ssl, p, n, &got)) == 1)
		return (ssize_t)got;
	return tls_io_judge(t, rc, want, e);
}

ssize_t
tls_io_write(struct tls_io *t, const void *p, size_t n, enum tls_want *want,
    struct err *e)
{
	size_t put;
	int rc;

	*want = TLS_WANT_NOTHING;
	ERR_clear_error();
	if ((rc = SSL_write_ex(t->ssl, p, n, &put)) == 1)
		return (ssize_t)put;
	return tls_io_judge(t, rc, want, e);
}

void
tls_io_close(struct tls_io *t)
{
	/* Best effort: nobody waits for the other's own close_notify. */
	if (!t->is_broken && SSL_is_init_finished(t->ssl))
		(void)SSL_shutdown(t->ssl);
	ERR_clear_error();
}
