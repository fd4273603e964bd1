/* SPDX-License-Identifier: ISC */
/*
 * What an administrator learns at the start, and not from a server's alert in
 * the night: that this system forbids what account.legacy is for.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/tls_old.h"
#include "delivery/tls_trial.h"

#define KEY_BITS  2048 /* as the servers have */
#define TURNS_MAX 100
#define HOUR_S    3600

struct trial {
	EVP_PKEY *key;
	X509 *cert;
	struct side {
		SSL_CTX *ctx;
		SSL *ssl;
		struct tls_old old;
	} client, server;
};

static X509 *
make_cert(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *name;

	if (x == NULL || (name = X509_get_subject_name(x)) == NULL ||
	    X509_set_version(x, 2) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(x), 1) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x), -HOUR_S) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x), HOUR_S) == NULL ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		(const unsigned char *)"trial", -1, -1, 0) != 1 ||
	    X509_set_issuer_name(x, name) != 1 ||
	    X509_set_pubkey(x, key) != 1 ||
	    X509_sign(x, key, EVP_sha256()) == 0) {
		X509_free(x);
		return NULL;
	}
	return x;
}

static int
make_side(struct side *s, const SSL_METHOD *method, struct err *e)
{
	if ((s->ctx = SSL_CTX_new(method)) == NULL ||
	    SSL_CTX_set_min_proto_version(s->ctx, TLS1_VERSION) != 1)
		return err_set(e, ERR_LOCAL, "4.3.5", "OpenSSL: no context");
	return tls_old_admit(s->ctx, &s->old, e);
}

static int
make_both(struct trial *t, struct err *e)
{
	BIO *a, *b;

	if (make_side(&t->client, TLS_client_method(), e) == -1 ||
	    make_side(&t->server, TLS_server_method(), e) == -1)
		return -1;
	if ((t->key = EVP_RSA_gen(KEY_BITS)) == NULL ||
	    (t->cert = make_cert(t->key)) == NULL ||
	    SSL_CTX_use_certificate(t->server.ctx, t->cert) != 1 ||
	    SSL_CTX_use_PrivateKey(t->server.ctx, t->key) != 1 ||
	    SSL_CTX_set_max_proto_version(t->server.ctx, TLS1_VERSION) != 1 ||
	    (t->client.ssl = SSL_new(t->client.ctx)) == NULL ||
	    (t->server.ssl = SSL_new(t->server.ctx)) == NULL ||
	    BIO_new_bio_pair(&a, 0, &b, 0) != 1)
		return err_set(e, ERR_LOCAL, "4.3.5", "OpenSSL: no handshake");
	SSL_set_bio(t->client.ssl, a, a);
	SSL_set_bio(t->server.ssl, b, b);
	return 0;
}

/* One step: true when that side is done, or has to wait for the other. */
static bool
step(SSL *ssl, int (*go)(SSL *))
{
	int rc = go(ssl);

	return rc == 1 || SSL_get_error(ssl, rc) == SSL_ERROR_WANT_READ;
}

static int
meet(struct trial *t, struct err *e)
{
	int turns;

	for (turns = 0; turns < TURNS_MAX; turns++) {
		if (!step(t->client.ssl, SSL_connect) ||
		    !step(t->server.ssl, SSL_accept))
			break;
		if (SSL_is_init_finished(t->client.ssl) &&
		    SSL_is_init_finished(t->server.ssl))
			return 0;
	}
	return err_set(e, ERR_LOCAL, "4.3.5", "the handshake does not succeed");
}

/* ---- by what name people know it ---- */

static void
read_policy(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");

	if (f == NULL || fgets(out, (int)size, f) == NULL)
		out[0] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	if (f != NULL)
		fclose(f);
}

/* What refused it, and whose words that follows. */
static int
explain(const char *policy, const struct err *why, struct err *e)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());
	char *conf = CONF_get1_default_config_file(), named[64], name[96] = "";
	SSL_CTX *plain = SSL_CTX_new(TLS_client_method());
	int level = plain == NULL ? -1 : SSL_CTX_get_security_level(plain);

	read_policy(policy, named, sizeof(named));
	if (named[0] != '\0')
		snprintf(
		    name, sizeof(name), "the crypto policy %s, by ", named);
	err_set(e, ERR_LOCAL, "4.3.5",
	    "the system forbids TLS 1.0 (%s): %s%s, security level %d%s",
	    reason == NULL ? why->text : reason, name,
	    conf == NULL ? "openssl.cnf" : conf, level,
	    EVP_default_properties_is_fips_enabled(NULL) ? ", FIPS mode" : "");
	SSL_CTX_free(plain);
	OPENSSL_free(conf);
	ERR_clear_error();
	return -1;
}

int
tls_trial(const char *policy, struct err *e)
{
	struct trial t;
	struct err why;
	int rc;

	memset(&t, 0, sizeof(t));
	ERR_clear_error();
	rc = make_both(&t, &why) == -1 || meet(&t, &why) == -1 ? -1 : 0;
	if (rc == -1)
		explain(policy, &why, e);
	SSL_free(t.client.ssl);
	SSL_free(t.server.ssl);
	SSL_CTX_free(t.client.ctx);
	SSL_CTX_free(t.server.ctx);
	X509_free(t.cert);
	EVP_PKEY_free(t.key);
	ERR_clear_error();
	return rc;
}
