/* SPDX-License-Identifier: ISC */
/* TLS of a server, by OpenSSL: a handshake, and then octets as by a pipe. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/tls_io.h"
#include "common/xalloc.h"
#include "smtpd/await.h"
#include "smtpd/tls.h"
#include "smtpd/tls_rules.h"

struct tls {
	struct tls_io io;
	struct pipe_ends ends;
	bool is_late; /* the client, in the handshake */
};

/* ---- why there is none ---- */

/* OpenSSL's reason, and what that means for whoever looks after a device. */
static const char *
meaning(int reason)
{
	static const struct {
		int reason;
		const char *text;
	} rows[] = {
		{ SSL_R_UNSUPPORTED_PROTOCOL,
		    "the client knows only TLS below listen.tls_min" },
		{ SSL_R_VERSION_TOO_LOW,
		    "the client knows only TLS below listen.tls_min" },
		{ SSL_R_NO_SHARED_CIPHER,
		    "the client has no cipher that is good enough" },
		{ SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
		    "the client's signatures do not go with our key; old "
		    "devices know RSA alone" },
		{ SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,
		    "the client's signatures do not go with our key; old "
		    "devices know RSA alone" },
		{ SSL_R_HTTP_REQUEST, "this is no TLS" },
		{ SSL_R_WRONG_VERSION_NUMBER, "this is no TLS" },
		{ SSL_R_TLSV1_ALERT_UNKNOWN_CA,
		    "the client does not trust our certificate" },
		{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
		    "the client does not accept our certificate" },
		{ SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
		    "the client does not accept our certificate" },
		{ SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
		    "the client does not accept our certificate" },
		{ SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
		    "our certificate has expired, says the client" },
		{ SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
		    "the client knows none of our versions" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].reason == reason)
			return rows[i].text;
	return NULL;
}

static int
fail(int reason, struct err *e)
{
	const char *text = meaning(reason);

	return text == NULL ? -1 : err_prefix(e, "%s", text);
}

/* ---- waiting ---- */

/* As await: nothing but a deadline ends a wait for room. */
static int
wait_for(const struct tls *t, enum tls_want want, int64_t deadline_ms)
{
	if (want == TLS_WANT_WRITE)
		return await(t->ends.out, POLLOUT, NULL, deadline_ms);
	return await(t->ends.in, POLLIN, t->ends.channel, deadline_ms);
}

/* ---- the handshake ---- */

static int
shake_hands(struct tls *t, int64_t deadline_ms, struct err *e)
{
	enum tls_want want = TLS_WANT_NOTHING;
	int rc, reason;

	for (;;) {
		ERR_clear_error();
		if ((rc = SSL_accept(t->io.ssl)) == 1)
			return 0;
		reason = ERR_GET_REASON(ERR_peek_last_error());
		if (tls_io_judge(&t->io, rc, &want, e) == -1)
			return fail(reason, e);
		if (want == TLS_WANT_NOTHING)
			return err_set(e, ERR_TEMP, "4.4.2",
			    "the client closed in the TLS handshake");
		t->is_late = wait_for(t, want, deadline_ms) == -1;
		if (t->is_late)
			return err_set(e, ERR_TEMP, "4.4.2",
			    errno == ECANCELED
				? "mailchuted ends this session"
				: "the TLS handshake did not come to its end "
				  "in time");
	}
}

static bool
has_said_nothing(const struct tls *t)
{
	return BIO_number_read(SSL_get_rbio(t->io.ssl)) == 0;
}

struct tls *
tls_accept(const struct tls_rules *r, const struct pipe_ends *ends,
    int64_t deadline_ms, bool *is_silent, struct err *e)
{
	struct tls *t = xcalloc(1, sizeof(*t));
	int fd = ends->in, flags = fcntl(fd, F_GETFL);

	*is_silent = false;
	t->ends = *ends;
	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		err_errno(e, ERR_TEMP, "4.3.0", "fcntl");
	else if ((t->io.ssl = SSL_new(tls_rules_context(r))) == NULL ||
		 SSL_set_fd(t->io.ssl, fd) != 1)
		err_set(e, ERR_LOCAL, "4.3.5", "OpenSSL: %s", tls_io_reason());
	else if (shake_hands(t, deadline_ms, e) == 0)
		return t;
	else
		*is_silent = !t->is_late && has_said_nothing(t);
	t->io.is_broken = true;
	tls_free(t);
	return NULL;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	if (t->io.ssl != NULL)
		tls_io_close(&t->io);
	SSL_free(t->io.ssl);
	free(t);
}

const char *
tls_version(const struct tls *t)
{
	return SSL_get_version(t->io.ssl);
}

const char *
tls_cipher(const struct tls *t)
{
	return SSL_get_cipher_name(t->io.ssl);
}

/* ---- octets ---- */

static ssize_t
read_octets(void *arg, void *p, size_t n, int64_t deadline_ms)
{
	struct tls *t = arg;
	enum tls_want want;
	struct err e;
	ssize_t got;

	for (;;) {
		got = tls_io_read(&t->io, p, n, &want, &e);
		if (got == -1)
			errno = EPROTO;
		if (got != 0 || want == TLS_WANT_NOTHING)
			return got;
		if (wait_for(t, want, deadline_ms) == -1)
			return -1;
	}
}

static int
write_octets(void *arg, const void *p, size_t n, int64_t deadline_ms)
{
	struct tls *t = arg;
	const char *from = p;
	enum tls_want want;
	struct err e;
	ssize_t put;

	while (n > 0) {
		put = tls_io_write(&t->io, from, n, &want, &e);
		if (put == -1 || (put == 0 && want == TLS_WANT_NOTHING)) {
			errno = EPROTO;
			return -1;
		}
		from += put;
		n -= (size_t)put;
		if (put == 0 && wait_for(t, want, deadline_ms) == -1)
			return -1;
	}
	return 0;
}

/*
 * What the socket holds may be TLS's own, or half a record: looked into as far
 * as goes without a wait.
 */
static bool
waits(void *arg)
{
	struct tls *t = arg;
	enum tls_want want;
	struct err e;
	size_t got;
	char octet;
	int rc;

	ERR_clear_error();
	if ((rc = SSL_peek_ex(t->io.ssl, &octet, 1, &got)) == 1)
		return false;
	return tls_io_judge(&t->io, rc, &want, &e) == 0 &&
	       want != TLS_WANT_NOTHING;
}

struct io
tls_io(struct tls *t)
{
	const struct io io = { read_octets, write_octets, waits, t };

	return io;
}
