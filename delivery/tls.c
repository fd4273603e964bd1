/* SPDX-License-Identifier: ISC */
/*
 * TLS by OpenSSL.  What protects the credential is in one place, check_peer:
 * the version, the chain and the name are asked for again after the handshake,
 * so that no option forgotten above can let a session through.
 */
#include "config.h"

#include <arpa/inet.h>

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "common/proto_job.h"
#include "common/tls_io.h"
#include "common/tls_old.h"
#include "common/xalloc.h"
#include "delivery/tls.h"
#include "delivery/tls_seen.h"
#include "delivery/trust.h"

struct tls_policy {
	SSL_CTX *ctx;
	int min;            /* TLS1_2_VERSION, or as tls_min says */
	char *store;        /* name of the trust store */
	struct buf offered; /* the ticket to resume from */
	struct tls_old old; /* in use with TLS below 1.2 alone */
};

struct tls {
	struct tls_io io;
	int min;
	char *host;
	char *terms; /* what a ticket is good for: see terms_of */
	struct buf ticket;
	struct tls_seen seen;
	bool is_old; /* see tls_is_old */
};

/*
 * OpenSSL does not tell a disk that fails from a file that holds nothing.  So
 * where it found nothing the file is read to its end, and then tried once more.
 */
static int
load_file(X509_STORE *store, const struct trust *t, struct err *e)
{
	if (X509_STORE_load_file(store, t->file) == 1)
		return 0;
	if (trust_read(t, e) == -1)
		return -1;
	ERR_clear_error();
	if (X509_STORE_load_file(store, t->file) == 1)
		return 0;
	return err_set(e, ERR_LOCAL, "4.3.5",
	    "no certificates could be read from %s: %s", t->file,
	    tls_io_reason());
}

static int
load_store(SSL_CTX *ctx, const struct trust *t, struct err *e)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509_LOOKUP *lookup;

	if (t->file != NULL)
		return load_file(store, t, e);
	lookup = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
	if (lookup != NULL &&
	    X509_LOOKUP_add_dir(lookup, t->folder, X509_FILETYPE_PEM) == 1)
		return 0;
	return err_set(e, ERR_LOCAL, "4.3.5",
	    "the folder of certificates %s cannot be used: %s", t->folder,
	    tls_io_reason());
}

/* ---- tickets ---- */

/*
 * Before the ticket itself stands what it is good for.  Resuming skips the
 * chain, so it must be the one that would be verified now.
 */
static char *
terms_of(const struct tls_policy *p, const char *host)
{
	return xasprintf("%s %s %d\n", host, p->store, p->min);
}

/* OpenSSL calls this with each ticket that the server sends. */
static int
keep_ticket(SSL *ssl, SSL_SESSION *session)
{
	struct tls *t = SSL_get_app_data(ssl);
	unsigned char *to;
	int n = i2d_SSL_SESSION(session, NULL);

	buf_wipe(&t->ticket);
	/* One of an old version would ask for that version again. */
	if (n > 0 && SSL_version(ssl) >= TLS1_2_VERSION &&
	    buf_puts(&t->ticket, t->terms) == 0 &&
	    (to = buf_reserve(&t->ticket, (size_t)n)) != NULL &&
	    i2d_SSL_SESSION(session, &to) == n)
		buf_grew(&t->ticket, (size_t)n);
	else
		buf_wipe(&t->ticket);
	return 0; /* the session stays OpenSSL's */
}

const struct buf *
tls_ticket(const struct tls *t)
{
	return &t->ticket;
}

/* Best effort: without it the handshake is a whole one. */
static void
resume(struct tls *t, const struct buf *offered)
{
	size_t n = strlen(t->terms);
	const unsigned char *from;
	SSL_SESSION *session;

	if (offered->len <= n || memcmp(offered->data, t->terms, n) != 0)
		return;
	from = (const unsigned char *)offered->data + n;
	session = d2i_SSL_SESSION(NULL, &from, (long)(offered->len - n));
	if (session != NULL)
		(void)SSL_set_session(t->io.ssl, session);
	SSL_SESSION_free(session);
	ERR_clear_error();
}

/* ---- policies ---- */

static int
version_of(unsigned min)
{
	assert(min == 10 || min == 12 || min == 13);
	return min == 13   ? TLS1_3_VERSION
	       : min == 12 ? TLS1_2_VERSION
			   : TLS1_VERSION;
}

struct tls_policy *
tls_policy_new(unsigned min, const struct trust *t, struct err *e)
{
	struct tls_policy *p = xcalloc(1, sizeof(*p));

	p->min = version_of(min);
	p->store = xstrdup(t->file != NULL ? t->file : t->folder);
	buf_init(&p->offered, JOB_TICKET_MAX);
	if ((p->ctx = SSL_CTX_new(TLS_client_method())) == NULL ||
	    SSL_CTX_set_min_proto_version(p->ctx, p->min) != 1) {
		err_set(e, ERR_LOCAL, "4.3.5", "OpenSSL: %s", tls_io_reason());
		goto fail;
	}
	if (p->min < TLS1_2_VERSION && tls_old_admit(p->ctx, &p->old, e) == -1)
		goto fail;
	SSL_CTX_set_options(
	    p->ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(p->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(p->ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(
	    p->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(p->ctx, keep_ticket);
	if (load_store(p->ctx, t, e) == -1)
		goto fail;
	return p;
fail:
	tls_policy_free(p);
	return NULL;
}

void
tls_policy_free(struct tls_policy *p)
{
	if (p == NULL)
		return;
	SSL_CTX_free(p->ctx);
	free(p->store);
	buf_wipe(&p->offered);
	free(p);
}

void
tls_policy_resume(struct tls_policy *p, const void *ticket, size_t n)
{
	buf_wipe(&p->offered);
	(void)buf_append(&p->offered, ticket, n);
}

static bool
is_numeric(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, address) == 1 ||
	       inet_pton(AF_INET6, host, address) == 1;
}

/* Whose certificate it has to be; names are told to the server, too (SNI). */
static int
expect_host(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (is_numeric(host))
		return X509_VERIFY_PARAM_set1_ip_asc(param, host);
	/* SSL_set_tlsext_host_name, whose cast would drop the const. */
	if (SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
		TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)host) != 1)
		return 0;
	return SSL_set1_host(ssl, host);
}

/* NOLINTBEGIN(readability-function-size): as OpenSSL calls it */
static void
watch(int is_ours, int version, int content, const void *p, size_t n, SSL *ssl,
    void *arg)
{
	struct tls *t = arg;

	(void)version;
	(void)ssl;
	if (!is_ours && content == SSL3_RT_HANDSHAKE)
		tls_seen_message(&t->seen, p, n);
}
/* NOLINTEND(readability-function-size) */

struct tls *
tls_new(const struct tls_policy *p, int fd, const char *host, struct err *e)
{
	struct tls *t = xcalloc(1, sizeof(*t));

	t->min = p->min;
	t->host = xstrdup(host);
	t->terms = terms_of(p, host);
	buf_init(&t->ticket, JOB_TICKET_MAX);
	if ((t->io.ssl = SSL_new(p->ctx)) != NULL &&
	    SSL_set_fd(t->io.ssl, fd) == 1 &&
	    SSL_set_app_data(t->io.ssl, t) == 1 &&
	    expect_host(t->io.ssl, host) == 1) {
		SSL_set_msg_callback(t->io.ssl, watch);
		SSL_set_msg_callback_arg(t->io.ssl, t);
		resume(t, &p->offered);
		return t;
	}
	err_set(e, ERR_LOCAL, "4.3.5", "OpenSSL: %s", tls_io_reason());
	t->io.is_broken = true;
	tls_free(t);
	return NULL;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	tls_io_close(&t->io);
	SSL_free(t->io.ssl);
	buf_wipe(&t->ticket);
	free(t->terms);
	free(t->host);
	free(t);
}

/* The version, the chain and the name, once more and by their results. */
static int
check_peer(struct tls *t, struct err *e)
{
	X509 *cert = SSL_get1_peer_certificate(t->io.ssl);
	long result = SSL_get_verify_result(t->io.ssl);
	int rc = -1;

	if (cert == NULL)
		err_set(e, ERR_TEMP, TLS_STATUS,
		    "TLS: %s showed no certificate", t->host);
	else if (result != X509_V_OK)
		err_set(e, ERR_TEMP, TLS_STATUS,
		    "TLS: the certificate of %s is not accepted: %s", t->host,
		    X509_verify_cert_error_string(result));
	else if (X509_cmp_current_time(X509_get0_notAfter(cert)) <= 0)
		/* A session that was resumed has not looked at the clock. */
		err_set(e, ERR_TEMP, TLS_STATUS,
		    "TLS: the certificate of %s has expired", t->host);
	else if (SSL_version(t->io.ssl) < t->min)
		err_set(e, ERR_TEMP, TLS_STATUS,
		    "TLS: %s spoke %s, which is below account.tls_min", t->host,
		    SSL_get_version(t->io.ssl));
	else
		rc = 0;
	X509_free(cert);
	return rc;
}

int
tls_handshake(struct tls *t, enum tls_want *want, struct err *e)
{
	long result;
	int rc, why;

	*want = TLS_WANT_NOTHING;
	ERR_clear_error();
	if ((rc = SSL_connect(t->io.ssl)) == 1) {
		if (check_peer(t, e) == -1)
			return -1;
		/* Before 1.3 a ticket that served goes on serving. */
		if (SSL_session_reused(t->io.ssl) == 1 &&
		    SSL_version(t->io.ssl) < TLS1_3_VERSION)
			(void)keep_ticket(
			    t->io.ssl, SSL_get_session(t->io.ssl));
		return 1;
	}
	why = ERR_GET_REASON(ERR_peek_last_error());
	rc = tls_io_judge(&t->io, rc, want, e);
	if (rc == 0 && *want != TLS_WANT_NOTHING)
		return 0;
	if (rc == 0)
		return err_set(e, ERR_TEMP, "4.4.2",
		    "%s closed the connection in the TLS handshake", t->host);
	if ((result = SSL_get_verify_result(t->io.ssl)) != X509_V_OK)
		return err_set(e, ERR_TEMP, TLS_STATUS,
		    "TLS: the certificate of %s is not accepted: %s", t->host,
		    X509_verify_cert_error_string(result));
	t->is_old = tls_seen_is_old(&t->seen, why);
	return -1;
}

bool
tls_is_old(const struct tls *t)
{
	return t->is_old;
}

ssize_t
tls_read(struct tls *t, void *p, size_t n, enum tls_want *want, struct err *e)
{
	return tls_io_read(&t->io, p, n, want, e);
}

ssize_t
tls_write(
    struct tls *t, const void *p, size_t n, enum tls_want *want, struct err *e)
{
	return tls_io_write(&t->io, p, n, want, e);
}

const char *
tls_version(const struct tls *t)
{
	return SSL_get_version(t->io.ssl);
}

unsigned
tls_level(const struct tls *t)
{
	switch (SSL_version(t->io.ssl)) {
	case TLS1_3_VERSION:
		return 13;
	case TLS1_2_VERSION:
		return 12;
	case TLS1_1_VERSION:
		return 11;
	default:
		return 10;
	}
}

const char *
tls_cipher(const struct tls *t)
{
	return SSL_get_cipher_name(t->io.ssl);
}

int64_t
tls_certificate(const struct tls *t, char *issuer, size_t size)
{
	X509 *cert = SSL_get1_peer_certificate(t->io.ssl);
	struct tm tm;
	int64_t until = 0;
	size_t i;

	issuer[0] = '\0';
	if (cert == NULL)
		return 0;
	if (X509_NAME_get_text_by_NID(X509_get_issuer_name(cert),
		NID_commonName, issuer, (int)size) == -1)
		issuer[0] = '\0';
	for (i = 0; issuer[i] != '\0'; i++)
		if (issuer[i] < ' ' || issuer[i] > '~')
			issuer[i] = '?';
	if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) == 1)
		until = (int64_t)timegm(&tm);
	X509_free(cert);
	return until < 0 ? 0 : until;
}
