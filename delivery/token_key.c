/* SPDX-License-Identifier: ISC */
/*
 * Client assertions.  The files are an administrator's and nobody else's, but
 * whatever can be wrong with them is told in words, before anything is sent.
 */
#include "config.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "delivery/base64url.h"
#include "delivery/token_key.h"

#define LIFE_S     600  /* Entra takes no longer one */
#define BITS_MIN   2048 /* the least that Entra takes */
#define SIGNED_MAX (16 * 1024)
#define JSON_MAX   (4 * 1024)
#define SIG_MAX    2048 /* a key of 16384 bits */

struct token_key {
	X509 *certificate;
	EVP_PKEY *key;
	int64_t since, until;
};

/* ---- reading ---- */

/* What libcrypto complained of last; and nothing of it stays. */
static int
crypto_error(struct err *e, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = code == 0 ? NULL : ERR_reason_error_string(code);

	ERR_clear_error();
	return err_set(e, ERR_LOCAL, "4.7.0", "%s: %s", what,
	    why == NULL ? "libcrypto failed" : why);
}

/* A pass phrase is asked for: there is nobody to ask. */
static int
no_phrase(char *to, int size, int writing, void *asked)
{
	(void)to;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static X509 *
read_certificate(const struct buf *pem, const char *name, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(buf_data(pem), (int)pem->len);
	X509 *x = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	if (x == NULL) {
		ERR_clear_error();
		err_set(e, ERR_LOCAL, "4.7.0",
		    "%s holds no certificate in PEM (\"-----BEGIN "
		    "CERTIFICATE-----\"), or a damaged one",
		    name);
	}
	return x;
}

static EVP_PKEY *
read_key(const struct buf *pem, const char *name, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(buf_data(pem), (int)pem->len);
	bool asked = false;
	EVP_PKEY *key;

	key = bio == NULL
		  ? NULL
		  : PEM_read_bio_PrivateKey(bio, NULL, no_phrase, &asked);
	BIO_free(bio);
	if (key != NULL)
		return key;
	ERR_clear_error();
	if (asked)
		err_set(e, ERR_LOCAL, "4.7.0",
		    "%s is encrypted, and nobody is there to give its pass "
		    "phrase: write it without one, by openssl pkey -in FILE "
		    "-out NEW, and protect it by its mode",
		    name);
	else
		err_set(e, ERR_LOCAL, "4.7.0",
		    "%s holds no private key in PEM (\"-----BEGIN PRIVATE "
		    "KEY-----\"), or a damaged one",
		    name);
	return NULL;
}

static int
judge(const struct token_key *k, const struct token_key_files *f, struct err *e)
{
	if (EVP_PKEY_get_base_id(k->key) != EVP_PKEY_RSA)
		return err_set(e, ERR_LOCAL, "4.7.0",
		    "%s is not an RSA key, and Entra takes no other: make one "
		    "with its certificate by openssl req -x509 -newkey "
		    "rsa:3072",
		    f->key_name);
	if (EVP_PKEY_get_bits(k->key) < BITS_MIN)
		return err_set(e, ERR_LOCAL, "4.7.0",
		    "%s has %d bits, and Entra takes no key of less than %d",
		    f->key_name, EVP_PKEY_get_bits(k->key), BITS_MIN);
	if (X509_check_private_key(k->certificate, k->key) != 1) {
		ERR_clear_error();
		return err_set(e, ERR_LOCAL, "4.7.0",
		    "%s is not the key of the certificate in %s", f->key_name,
		    f->certificate_name);
	}
	return 0;
}

static int64_t
seconds(const ASN1_TIME *t)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return timegm(&tm);
}

struct token_key *
token_key_new(const struct token_key_files *f, struct err *e)
{
	struct token_key *k = calloc(1, sizeof(*k));

	if (k == NULL) {
		err_set(e, ERR_TEMP, "4.3.0", "out of memory");
		return NULL;
	}
	k->certificate =
	    read_certificate(f->certificate, f->certificate_name, e);
	if (k->certificate != NULL)
		k->key = read_key(f->key, f->key_name, e);
	if (k->key == NULL || judge(k, f, e) == -1) {
		token_key_free(k);
		return NULL;
	}
	k->since = seconds(X509_get0_notBefore(k->certificate));
	k->until = seconds(X509_get0_notAfter(k->certificate));
	return k;
}

void
token_key_free(struct token_key *k)
{
	if (k == NULL)
		return;
	X509_free(k->certificate);
	EVP_PKEY_free(k->key);
	free(k);
}

int64_t
token_key_since(const struct token_key *k)
{
	return k->since;
}

int64_t
token_key_until(const struct token_key *k)
{
	return k->until;
}

/* ---- signing ---- */

/* Into memory of ours: how jansson's is freed depends on the program. */
static int
put_json(struct buf *b, json_t *object)
{
	char text[JSON_MAX];
	size_t n = object == NULL
		       ? 0
		       : json_dumpb(object, text, sizeof(text), JSON_COMPACT);

	json_decref(object);
	if (n == 0 || n > sizeof(text))
		return -1;
	return base64url_put(b, text, n);
}

/* By which of the application's certificates it is to be verified. */
static int
put_header(
    const struct token_key *k, enum conf_assertion algorithm, struct buf *b)
{
	bool is_old = algorithm == ASSERTION_RS256;
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buf print;
	unsigned n;
	int rc = -1;

	buf_init(&print, 256);
	if (X509_digest(k->certificate, is_old ? EVP_sha1() : EVP_sha256(),
		digest, &n) == 1 &&
	    base64url_put(&print, digest, n) == 0)
		rc = put_json(b, json_pack("{s:s,s:s,s:s}", "alg",
				     is_old ? "RS256" : "PS256", "typ", "JWT",
				     is_old ? "x5t" : "x5t#S256", print.data));
	buf_clear(&print);
	return rc;
}

/* A random UUID (RFC 9562 5.4): no assertion is taken twice. */
static void
make_id(char out[40])
{
	unsigned char r[16];

	arc4random_buf(r, sizeof(r));
	r[6] = (r[6] & 0x0f) | 0x40;
	r[8] = (r[8] & 0x3f) | 0x80;
	snprintf(out, 40,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x",
	    r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10],
	    r[11], r[12], r[13], r[14], r[15]);
}

static int
put_claims(const struct token_assertion *a, struct buf *b)
{
	json_int_t now = a->now;
	char id[40];

	make_id(id);
	return put_json(
	    b, json_pack("{s:s,s:s,s:s,s:s,s:I,s:I,s:I}", "aud", a->audience,
		   "iss", a->client_id, "sub", a->client_id, "jti", id, "nbf",
		   now, "iat", now, "exp", now + LIFE_S));
}

static int
set_padding(EVP_PKEY_CTX *ctx, enum conf_assertion algorithm)
{
	if (algorithm == ASSERTION_RS256)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) != 1)
		return 0;
	/* As long as the digest: RFC 7518 3.5. */
	return EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST);
}

/* Signs all that stands in b, and appends that. */
static int
put_signature(
    const struct token_key *k, enum conf_assertion algorithm, struct buf *b)
{
	unsigned char signature[SIG_MAX];
	size_t n = sizeof(signature);
	EVP_PKEY_CTX *inner;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc = -1;

	if (ctx != NULL &&
	    EVP_DigestSignInit(ctx, &inner, EVP_sha256(), NULL, k->key) == 1 &&
	    set_padding(inner, algorithm) == 1 &&
	    EVP_DigestSign(ctx, signature, &n, (const unsigned char *)b->data,
		b->len) == 1 &&
	    buf_putc(b, '.') == 0)
		rc = base64url_put(b, signature, n);
	EVP_MD_CTX_free(ctx);
	return rc;
}

int
token_key_assert(const struct token_key *k, const struct token_assertion *a,
    struct buf *b, struct err *e)
{
	struct buf signee;
	int rc = -1;

	buf_init(&signee, SIGNED_MAX);
	if (put_header(k, a->algorithm, &signee) == 0 &&
	    buf_putc(&signee, '.') == 0 && put_claims(a, &signee) == 0 &&
	    put_signature(k, a->algorithm, &signee) == 0)
		rc = buf_append(b, signee.data, signee.len);
	buf_wipe(&signee);
	return rc == 0 ? 0 : crypto_error(e, "signing the client assertion");
}
