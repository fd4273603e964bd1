/* SPDX-License-Identifier: ISC */
/* Client assertions: what is signed, and which keys are not taken. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "delivery/base64url.h"
#include "delivery/token_key.h"

#define SINCE 1700000000
#define UNTIL 1900000000

/* A key and its certificate, in PEM. */
struct pair {
	EVP_PKEY *key;
	X509 *certificate;
	struct buf key_pem, certificate_pem;
};

static void
take(BIO *bio, struct buf *b)
{
	char *data;
	long n = BIO_get_mem_data(bio, &data);

	buf_init(b, 64 * 1024);
	assert_int_equal(buf_append(b, data, (size_t)n), 0);
	BIO_free(bio);
}

static void
make(struct pair *p, EVP_PKEY *key, const EVP_CIPHER *cipher)
{
	BIO *bio;

	p->key = key;
	p->certificate = X509_new();
	ASN1_INTEGER_set(X509_get_serialNumber(p->certificate), 1);
	ASN1_TIME_set(X509_getm_notBefore(p->certificate), SINCE);
	ASN1_TIME_set(X509_getm_notAfter(p->certificate), UNTIL);
	X509_set_pubkey(p->certificate, key);
	assert_true(X509_sign(p->certificate, key, EVP_sha256()) > 0);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, p->certificate);
	take(bio, &p->certificate_pem);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, key, cipher,
	    cipher == NULL ? NULL : (const unsigned char *)"x",
	    cipher == NULL ? 0 : 1, NULL, NULL);
	take(bio, &p->key_pem);
}

static void
unmake(struct pair *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->certificate);
	buf_clear(&p->key_pem);
	buf_clear(&p->certificate_pem);
}

static struct token_key *
load(const struct buf *certificate, const struct buf *key, struct err *e)
{
	struct token_key_files f = { certificate, key, "c.pem", "k.pem" };

	return token_key_new(&f, e);
}

/* The n-th part of a JWT, decoded. */
static void
part_of(const char *jwt, int n, struct buf *out)
{
	for (; n > 0; n--)
		jwt = strchr(jwt, '.') + 1;
	buf_init(out, 16 * 1024);
	assert_int_equal(base64url_decode(out, jwt, strcspn(jwt, ".")), 0);
}

static json_t *
json_part(const char *jwt, int n)
{
	struct buf b;
	json_t *o;

	part_of(jwt, n, &b);
	o = json_loads(buf_data(&b), 0, NULL);
	assert_non_null(o);
	buf_clear(&b);
	return o;
}

static void
assert_signed(const struct pair *p, const char *jwt, bool is_pss)
{
	size_t n = (size_t)(strrchr(jwt, '.') - jwt);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *inner;
	struct buf sig;

	part_of(jwt, 2, &sig);
	assert_int_equal(
	    EVP_DigestVerifyInit(ctx, &inner, EVP_sha256(), NULL, p->key), 1);
	if (is_pss) {
		EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, 32);
	}
	assert_int_equal(EVP_DigestVerify(ctx, (const unsigned char *)sig.data,
			     sig.len, (const unsigned char *)jwt, n),
	    1);
	EVP_MD_CTX_free(ctx);
	buf_clear(&sig);
}

static void
assert_text(const json_t *o, const char *name, const char *want)
{
	assert_string_equal(json_string_value(json_object_get(o, name)), want);
}

static void
assert_number(const json_t *o, const char *name, int64_t want)
{
	assert_int_equal(json_integer_value(json_object_get(o, name)), want);
}

static void
assert_print(const struct pair *p, const json_t *head, bool is_pss)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buf b;
	unsigned n;

	X509_digest(
	    p->certificate, is_pss ? EVP_sha256() : EVP_sha1(), digest, &n);
	buf_init(&b, 100);
	base64url_put(&b, digest, n);
	assert_text(head, is_pss ? "x5t#S256" : "x5t", b.data);
	assert_null(json_object_get(head, is_pss ? "x5t" : "x5t#S256"));
	buf_clear(&b);
}

static void
check_assertion(enum conf_assertion algorithm)
{
	struct token_assertion a = { algorithm, "https://x.example/\"token",
		"client", 1750000000 };
	bool is_pss = algorithm == ASSERTION_PS256;
	struct token_key *k;
	struct buf first, second;
	json_t *head, *claims;
	struct pair p;
	struct err e;

	make(&p, EVP_RSA_gen(2048), NULL);
	k = load(&p.certificate_pem, &p.key_pem, &e);
	assert_non_null(k);
	assert_int_equal(token_key_since(k), SINCE);
	assert_int_equal(token_key_until(k), UNTIL);
	buf_init(&first, 16 * 1024);
	buf_init(&second, 16 * 1024);
	assert_int_equal(token_key_assert(k, &a, &first, &e), 0);
	assert_int_equal(token_key_assert(k, &a, &second, &e), 0);
	assert_signed(&p, first.data, is_pss);
	head = json_part(first.data, 0);
	assert_text(head, "alg", is_pss ? "PS256" : "RS256");
	assert_text(head, "typ", "JWT");
	assert_print(&p, head, is_pss);
	json_decref(head);
	claims = json_part(first.data, 1);
	assert_text(claims, "aud", "https://x.example/\"token");
	assert_text(claims, "iss", "client");
	assert_text(claims, "sub", "client");
	assert_number(claims, "nbf", 1750000000);
	assert_number(claims, "iat", 1750000000);
	assert_number(claims, "exp", 1750000600);
	head = json_part(second.data, 1);
	assert_int_equal(
	    strlen(json_string_value(json_object_get(head, "jti"))), 36);
	assert_string_not_equal(json_string_value(json_object_get(head, "jti")),
	    json_string_value(json_object_get(claims, "jti")));
	json_decref(head);
	json_decref(claims);
	buf_clear(&first);
	buf_clear(&second);
	token_key_free(k);
	unmake(&p);
}

static void
signs_by_both_ways(void **state)
{
	(void)state;
	check_assertion(ASSERTION_PS256);
	check_assertion(ASSERTION_RS256);
}

static void
assert_refused(
    const struct buf *certificate, const struct buf *key, const char *why)
{
	struct err e;

	assert_null(load(certificate, key, &e));
	assert_int_equal(e.class, ERR_LOCAL);
	if (strstr(e.text, why) == NULL)
		fail_msg("%s", e.text);
}

static void
names_what_is_wrong(void **state)
{
	struct pair p, other, ec, small, locked;
	struct buf none;

	(void)state;
	buf_init(&none, 100);
	make(&p, EVP_RSA_gen(2048), NULL);
	make(&other, EVP_RSA_gen(2048), NULL);
	make(&ec, EVP_EC_gen("P-256"), NULL);
	make(&small, EVP_RSA_gen(1024), NULL);
	make(&locked, EVP_RSA_gen(2048), EVP_aes_128_cbc());
	assert_refused(&p.certificate_pem, &other.key_pem,
	    "k.pem is not the key of the certificate in c.pem");
	assert_refused(&ec.certificate_pem, &ec.key_pem, "not an RSA key");
	assert_refused(&small.certificate_pem, &small.key_pem, "has 1024 bits");
	assert_refused(
	    &locked.certificate_pem, &locked.key_pem, "is encrypted");
	assert_refused(&none, &p.key_pem, "c.pem holds no certificate");
	assert_refused(&p.certificate_pem, &none, "k.pem holds no private key");
	/* Each in the other's place. */
	assert_refused(&p.key_pem, &p.key_pem, "c.pem holds no certificate");
	assert_refused(&p.certificate_pem, &p.certificate_pem,
	    "k.pem holds no private key");
	unmake(&p);
	unmake(&other);
	unmake(&ec);
	unmake(&small);
	unmake(&locked);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_by_both_ways),
		cmocka_unit_test(names_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
