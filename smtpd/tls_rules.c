/* SPDX-License-Identifier: ISC */
/* With what a listener meets its clients: versions, ciphers, a key. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "common/tls_io.h"
#include "common/tls_old.h"
#include "common/xalloc.h"
#include "smtpd/tls_rules.h"

struct tls_rules {
	SSL_CTX *ctx;
	unsigned min;
	struct tls_old old; /* in use with TLS below 1.2 alone */
};

SSL_CTX *
tls_rules_context(const struct tls_rules *r)
{
	return r->ctx;
}

static int
refuse(struct err *e, const char *what)
{
	err_set(e, ERR_LOCAL, "4.3.5", "%s", tls_io_reason());
	return err_prefix(e, "%s", what);
}

/* ---- certificates and their key ---- */

/* Those behind the first; the end of the file is an error to OpenSSL. */
static int
read_chain(SSL_CTX *ctx, BIO *in, struct err *e)
{
	unsigned long code;
	X509 *x;

	while ((x = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL)
		if (SSL_CTX_add0_chain_cert(ctx, x) != 1) {
			X509_free(x);
			return refuse(e, "a certificate behind the first");
		}
	code = ERR_peek_last_error();
	if (ERR_GET_LIB(code) != ERR_LIB_PEM ||
	    ERR_GET_REASON(code) != PEM_R_NO_START_LINE)
		return refuse(e, "a certificate behind the first");
	ERR_clear_error();
	return 0;
}

static int
use_certificates(SSL_CTX *ctx, const struct buf *pem, struct err *e)
{
	BIO *in = BIO_new_mem_buf(pem->data, (int)pem->len);
	X509 *first = NULL;
	int rc = -1;

	if (in == NULL ||
	    (first = PEM_read_bio_X509_AUX(in, NULL, NULL, NULL)) == NULL)
		refuse(e, "no certificate in PEM can be read");
	else if (SSL_CTX_use_certificate(ctx, first) != 1)
		refuse(e, "the certificate");
	else
		rc = read_chain(ctx, in, e);
	X509_free(first);
	BIO_free(in);
	return rc;
}

/* Nobody is there to be asked. */
static int
no_password(char *to, int size, int is_written, void *arg)
{
	(void)to;
	(void)size;
	(void)is_written;
	(void)arg;
	return -1;
}

static int
use_key(SSL_CTX *ctx, const struct buf *pem, struct err *e)
{
	BIO *in = BIO_new_mem_buf(pem->data, (int)pem->len);
	EVP_PKEY *key = NULL;
	int rc = -1;

	if (in == NULL || (key = PEM_read_bio_PrivateKey(
			       in, NULL, no_password, NULL)) == NULL)
		refuse(e, "no key in PEM without a password can be read");
	else if (X509_check_private_key(SSL_CTX_get0_certificate(ctx), key) !=
		 1)
		refuse(e, "the key is not that of the certificate");
	else if (SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
		 SSL_CTX_check_private_key(ctx) != 1)
		refuse(e, "the key");
	else
		rc = 0;
	EVP_PKEY_free(key);
	BIO_free(in);
	return rc;
}

/* ---- versions and ciphers ---- */

static int
version_of(unsigned min)
{
	static const int versions[] = { TLS1_VERSION, TLS1_1_VERSION,
		TLS1_2_VERSION, TLS1_3_VERSION };

	return versions[min - 10];
}

/*
 * A session is one process's: nothing could be resumed.  The order of ciphers
 * is ours, since that of an old client has its worst first.
 */
static void
set_options(SSL_CTX *ctx)
{
	/* A password must not lie in OpenSSL's buffer until the next record. */
	SSL_CTX_set_options(ctx, SSL_OP_CLEANSE_PLAINTEXT);
	SSL_CTX_set_options(
	    ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
		     SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

/* Empty fragments ahead of each record, which some do not understand. */
static int
admit_old(struct tls_rules *r, struct err *e)
{
	/* A client that names no curve, as old ones do, knows the first. */
	char groups[] = "P-256:X25519:P-384:P-521"; /* OpenSSL wants no const */

	SSL_CTX_set_options(r->ctx, SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
	r->old.is_server = true;
	if (SSL_CTX_set1_groups_list(r->ctx, groups) != 1)
		return refuse(e, "OpenSSL");
	return tls_old_admit(r->ctx, &r->old, e);
}

static int
set_versions(struct tls_rules *r, struct err *e)
{
	if (SSL_CTX_set_min_proto_version(r->ctx, version_of(r->min)) != 1)
		return refuse(e, "OpenSSL");
	set_options(r->ctx);
	return r->min < 12 ? admit_old(r, e) : tls_old_weed(r->ctx, true, e);
}

static struct tls_rules *
new_without_key(unsigned min, struct err *e)
{
	struct tls_rules *r = xcalloc(1, sizeof(*r));

	r->min = min;
	if (OPENSSL_init_ssl(
		min < 12 ? OPENSSL_INIT_NO_LOAD_CONFIG : 0, NULL) != 1 ||
	    (r->ctx = SSL_CTX_new(TLS_server_method())) == NULL)
		refuse(e, "OpenSSL");
	else if (set_versions(r, e) == 0)
		return r;
	tls_rules_free(r);
	return NULL;
}

struct tls_rules *
tls_rules_new(unsigned min, const struct pair *p, struct err *e)
{
	struct tls_rules *r = new_without_key(min, e);

	if (r == NULL)
		return NULL;
	if (use_certificates(r->ctx, &p->certificate, e) == 0 &&
	    use_key(r->ctx, &p->key, e) == 0)
		return r;
	tls_rules_free(r);
	return NULL;
}

/* What fails here fails again, and is told, where it is needed. */
void
tls_rules_prepare(unsigned min)
{
	struct err e;

	tls_rules_free(new_without_key(min, &e));
	ERR_clear_error();
}

void
tls_rules_free(struct tls_rules *r)
{
	if (r == NULL)
		return;
	SSL_CTX_free(r->ctx);
	free(r);
}

void
tls_rules_judge(const struct tls_rules *r, struct pair_judged *j)
{
	const X509 *cert = SSL_CTX_get0_certificate(r->ctx);
	const char *text = "";
	struct tm tm;
	int64_t until = 0;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) == 1)
		until = (int64_t)timegm(&tm);
	if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
		text = "the certificate has expired";
	else if (X509_cmp_current_time(X509_get0_notBefore(cert)) > 0)
		text = "the certificate is not valid yet";
	else if (r->min < 12 &&
		 EVP_PKEY_get_base_id(X509_get0_pubkey(cert)) != EVP_PKEY_RSA)
		text = "the key is not RSA, which is all that old devices know";
	j->is_good = true;
	strlcpy(j->text, text, sizeof(j->text));
	j->until = until < 0 ? 0 : until;
}
