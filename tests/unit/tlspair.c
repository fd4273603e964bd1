/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tests/unit/tlspair.h"

#define DAY_S 86400

static void
need(bool is_done, const char *what)
{
	if (is_done)
		return;
	fprintf(stderr, "tlspair: %s\n", what);
	abort();
}

static X509 *
make_cert(EVP_PKEY *key, bool is_expired)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -2 * DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(x), is_expired ? -DAY_S : DAY_S);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"listener", -1, -1, 0);
	X509_set_issuer_name(x, name);
	need(X509_sign(x, key, EVP_sha256()) != 0, "a certificate");
	return x;
}

static void
take(struct buf *to, BIO *from)
{
	char *p;
	long n = BIO_get_mem_data(from, &p);

	need(n > 0 && buf_append(to, p, (size_t)n) == 0, "PEM");
	BIO_free(from);
}

void
tlspair_make(struct pair *out, const struct tlspair *how)
{
	EVP_PKEY *key =
	    how->is_ec ? EVP_EC_gen("P-256") : EVP_RSA_gen((unsigned)how->bits);
	BIO *cert_pem = BIO_new(BIO_s_mem()), *key_pem = BIO_new(BIO_s_mem());
	X509 *cert;

	need(key != NULL, "a key");
	cert = make_cert(key, how->is_expired);
	need(PEM_write_bio_X509(cert_pem, cert) == 1, "PEM");
	need(PEM_write_bio_PrivateKey(key_pem, key,
		 how->is_encrypted ? EVP_aes_128_cbc() : NULL,
		 (const unsigned char *)"x", how->is_encrypted ? 1 : 0, NULL,
		 NULL) == 1,
	    "PEM");
	pair_init(out);
	take(&out->certificate, cert_pem);
	take(&out->key, key_pem);
	X509_free(cert);
	EVP_PKEY_free(key);
}
