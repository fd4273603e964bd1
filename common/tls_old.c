/* SPDX-License-Identifier: ISC */
/* TLS 1.0 and 1.1, and what is never spoken in any version. */
#include "config.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/ssl.h>

#include "common/buf.h"
#include "common/tls_old.h"

#define CIPHERS_MAX (16 * 1024)
#define OPENSSL_3_1 \
	0x30100000UL /* the level refuses the versions from here \
		      */

static bool
is_signing(int op, bool is_server)
{
	return op == SSL_SECOP_SIGALG_SUPPORTED ||
	       op == SSL_SECOP_SIGALG_CHECK ||
	       (is_server && op == SSL_SECOP_SIGALG_SHARED);
}

bool
tls_old_admits(bool is_server, int op, int nid)
{
	if (is_signing(op, is_server))
		return nid == NID_md5_sha1 || (is_server && nid == NID_sha1);
	if (op == SSL_SECOP_VERSION && OpenSSL_version_num() >= OPENSSL_3_1)
		return nid == TLS1_VERSION || nid == TLS1_1_VERSION;
	return false;
}

/* NOLINTBEGIN(readability-function-size): as OpenSSL calls it */
static int
on_security(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid,
    void *other, void *ex)
{
	const struct tls_old *old = ex;

	return tls_old_admits(old->is_server, op, nid) ||
	       old->rules(ssl, ctx, op, bits, nid, other, ex);
}
/* NOLINTEND(readability-function-size) */

static bool
is_weak(const SSL_CIPHER *c, bool keeps_rsa)
{
	static const int weak[] = { NID_undef, NID_rc4, NID_rc2_cbc,
		NID_des_cbc, NID_des_ede3_cbc };
	int cipher = SSL_CIPHER_get_cipher_nid(c);
	size_t i;

	for (i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
		if (cipher == weak[i])
			return true;
	return (SSL_CIPHER_get_kx_nid(c) == NID_kx_rsa && !keeps_rsa) ||
	       SSL_CIPHER_get_auth_nid(c) == NID_auth_null;
}

/* Those of TLS 1.3 are a list of their own, which stays. */
static bool
is_of_1_3(const SSL_CIPHER *c)
{
	return SSL_CIPHER_get_kx_nid(c) == NID_kx_any;
}

int
tls_old_weed(SSL_CTX *ctx, bool keeps_rsa, struct err *e)
{
	const STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ctx);
	const SSL_CIPHER *c;
	struct buf b;
	int i, rc = -1;

	buf_init(&b, CIPHERS_MAX);
	for (i = 0; i < sk_SSL_CIPHER_num(all); i++) {
		c = sk_SSL_CIPHER_value(all, i);
		if (!is_weak(c, keeps_rsa) && !is_of_1_3(c))
			buf_printf(&b, "%s%s", b.len == 0 ? "" : ":",
			    SSL_CIPHER_get_name(c));
	}
	if (b.len > 0 && SSL_CTX_set_cipher_list(ctx, buf_data(&b)) == 1)
		rc = 0;
	else
		err_set(e, ERR_LOCAL, "4.3.5",
		    "OpenSSL: the system's policy leaves no cipher for TLS "
		    "below 1.3");
	ERR_clear_error();
	buf_clear(&b);
	return rc;
}

int
tls_old_admit(SSL_CTX *ctx, struct tls_old *old, struct err *e)
{
	old->rules = SSL_CTX_get_security_callback(ctx);
	SSL_CTX_set_security_callback(ctx, on_security);
	SSL_CTX_set0_security_ex_data(ctx, old);
	return tls_old_weed(ctx, old->is_server, e);
}
