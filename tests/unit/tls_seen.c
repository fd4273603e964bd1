/* SPDX-License-Identifier: ISC */
/* Which ends of a handshake look like those of a server without TLS 1.2. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "delivery/tls_seen.h"

static void
hello(struct tls_seen *s, unsigned version, const char *sentinel)
{
	unsigned char p[38] = { SSL3_MT_SERVER_HELLO, 0, 0, 34 };

	p[4] = (unsigned char)(version >> 8);
	p[5] = (unsigned char)version;
	memcpy(p + 30, sentinel, strlen(sentinel));
	tls_seen_message(s, p, sizeof(p));
}

static const struct {
	unsigned hello; /* 0: none came */
	const char *sentinel;
	bool certificate;
	int why;
	bool is_old;
} rows[] = {
	{ 0, "", false, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, true },
	{ 0, "", false, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, true },
	{ TLS1_VERSION, "", false, SSL_R_UNSUPPORTED_PROTOCOL, true },
	{ TLS1_1_VERSION, "", false, SSL_R_UNSUPPORTED_PROTOCOL, true },
	{ TLS1_VERSION, "", false, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, true },
	/* It knows better, and says so. */
	{ TLS1_VERSION, "DOWNGRD", false, SSL_R_UNSUPPORTED_PROTOCOL, false },
	{ TLS1_2_VERSION, "", false, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
	    false },
	{ TLS1_2_VERSION, "", false, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
	    false },
	/* After a certificate. */
	{ 0, "", true, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, false },
	{ TLS1_2_VERSION, "", true, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, false },
	/* Other ends. */
	{ 0, "", false, SSL_R_UNSUPPORTED_PROTOCOL, false },
	{ 0, "", false, SSL_R_WRONG_VERSION_NUMBER, false },
	{ 0, "", false, SSL_R_UNEXPECTED_EOF_WHILE_READING, false },
	{ 0, "", false, SSL_R_TLSV1_ALERT_INTERNAL_ERROR, false },
	{ 0, "", false, SSL_R_TLSV1_UNRECOGNIZED_NAME, false },
	{ 0, "", false, SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY, false },
	{ 0, "", false, SSL_R_TLSV1_ALERT_INAPPROPRIATE_FALLBACK, false },
	{ TLS1_VERSION, "", false, SSL_R_UNSUPPORTED_COMPRESSION_ALGORITHM,
	    false },
	{ 0, "", false, 0, false },
};

static void
only_these_ends_are_old(void **state)
{
	static const unsigned char cert[] = { SSL3_MT_CERTIFICATE, 0, 0, 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tls_seen s = { 0 };

		if (rows[i].hello != 0)
			hello(&s, rows[i].hello, rows[i].sentinel);
		if (rows[i].certificate)
			tls_seen_message(&s, cert, sizeof(cert));
		if (tls_seen_is_old(&s, rows[i].why) != rows[i].is_old)
			fail_msg("row %zu", i);
	}
}

static void
half_a_hello_says_nothing(void **state)
{
	static const unsigned char half[] = { SSL3_MT_SERVER_HELLO, 0, 0, 34, 3,
		1 };
	struct tls_seen s = { 0 };

	(void)state;
	tls_seen_message(&s, half, sizeof(half));
	tls_seen_message(&s, half, 0);
	assert_int_equal(s.hello, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_these_ends_are_old),
		cmocka_unit_test(half_a_hello_says_nothing),
	};

	return cmocka_run_group_tests_name("tls_seen", tests, NULL, NULL);
}
