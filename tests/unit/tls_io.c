/* SPDX-License-Identifier: ISC */
/* What each of OpenSSL's answers is, to who reads and writes through it. */
#include "config.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "common/tls_io.h"
#include "tests/unit/tlspair.h"

static struct ends {
	int fd[2];
	SSL_CTX *ctx[2];
	struct tls_io io[2];
} ends;

enum {
	CLIENT,
	SERVER
};

static void
use(SSL_CTX *ctx)
{
	BIO *bio;
	struct pair p;
	EVP_PKEY *key;
	X509 *cert;

	tlspair_make(&p, &(struct tlspair){ .is_ec = true });
	bio = BIO_new_mem_buf(p.certificate.data, (int)p.certificate.len);
	cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	bio = BIO_new_mem_buf(p.key.data, (int)p.key.len);
	key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
	pair_wipe(&p);
}

static int
set_up(void **state)
{
	int i;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	memset(&ends, 0, sizeof(ends));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends.fd) == -1)
		return -1;
	for (i = 0; i < 2; i++) {
		(void)fcntl(ends.fd[i], F_SETFL, O_NONBLOCK);
		ends.ctx[i] = SSL_CTX_new(
		    i == SERVER ? TLS_server_method() : TLS_client_method());
		if (i == SERVER)
			use(ends.ctx[i]);
		SSL_CTX_set_num_tickets(ends.ctx[i], 0);
		ends.io[i].ssl = SSL_new(ends.ctx[i]);
		SSL_set_fd(ends.io[i].ssl, ends.fd[i]);
	}
	SSL_set_connect_state(ends.io[CLIENT].ssl);
	SSL_set_accept_state(ends.io[SERVER].ssl);
	return 0;
}

static int
tear_down(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		SSL_free(ends.io[i].ssl);
		SSL_CTX_free(ends.ctx[i]);
		if (ends.fd[i] != -1)
			close(ends.fd[i]);
	}
	return 0;
}

/* Both sides in turn, until both are done. */
static void
meet(void)
{
	enum tls_want want;
	struct err e;
	int i, rc, turns;

	for (turns = 0; turns < 20; turns++) {
		i = turns % 2;
		if ((rc = SSL_do_handshake(ends.io[i].ssl)) != 1)
			assert_int_equal(
			    tls_io_judge(&ends.io[i], rc, &want, &e), 0);
		if (rc != 1)
			assert_int_equal(want, TLS_WANT_READ);
	}
	assert_true(SSL_is_init_finished(ends.io[CLIENT].ssl));
	assert_true(SSL_is_init_finished(ends.io[SERVER].ssl));
}

static ssize_t
get(int side, char *to, size_t n, enum tls_want *want, struct err *e)
{
	return tls_io_read(&ends.io[side], to, n, want, e);
}

static void
octets(void **state)
{
	enum tls_want want;
	struct err e;
	char p[16];

	(void)state;
	meet();
	assert_int_equal(get(SERVER, p, sizeof(p), &want, &e), 0);
	assert_int_equal(want, TLS_WANT_READ);
	assert_int_equal(
	    tls_io_write(&ends.io[CLIENT], "hello", 5, &want, &e), 5);
	assert_int_equal(get(SERVER, p, sizeof(p), &want, &e), 5);
	assert_memory_equal(p, "hello", 5);
	assert_false(ends.io[SERVER].is_broken);
}

static void
a_full_socket(void **state)
{
	static const char many[16384];
	enum tls_want want = TLS_WANT_NOTHING;
	struct err e;
	ssize_t n;

	(void)state;
	meet();
	do
		n = tls_io_write(
		    &ends.io[CLIENT], many, sizeof(many), &want, &e);
	while (n > 0);
	assert_int_equal(n, 0);
	assert_int_equal(want, TLS_WANT_WRITE);
}

static void
an_end_that_is_said(void **state)
{
	enum tls_want want;
	struct err e;
	char p[16];

	(void)state;
	meet();
	tls_io_close(&ends.io[CLIENT]);
	assert_int_equal(get(SERVER, p, sizeof(p), &want, &e), 0);
	assert_int_equal(want, TLS_WANT_NOTHING);
	assert_false(ends.io[SERVER].is_broken);
}

static void
an_end_that_is_not(void **state)
{
	enum tls_want want;
	struct err e;
	char p[16];

	(void)state;
	meet();
	close(ends.fd[CLIENT]);
	ends.fd[CLIENT] = -1;
	assert_int_equal(get(SERVER, p, sizeof(p), &want, &e), 0);
	assert_int_equal(want, TLS_WANT_NOTHING);
	assert_true(ends.io[SERVER].is_broken);
	assert_int_equal(tls_io_write(&ends.io[SERVER], "x", 1, &want, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
}

/* And nothing is said any more to whoever has sent it. */
static void
what_is_no_tls(void **state)
{
	enum tls_want want;
	struct err e;
	char p[16];

	(void)state;
	meet();
	assert_int_equal(write(ends.fd[CLIENT], "QUIT\r\nQUIT\r\n", 12), 12);
	assert_int_equal(get(SERVER, p, sizeof(p), &want, &e), -1);
	assert_string_equal(e.status, TLS_STATUS);
	assert_memory_equal(e.text, "TLS: ", 5);
	assert_true(ends.io[SERVER].is_broken);
	while (read(ends.fd[CLIENT], p, sizeof(p)) > 0)
		continue; /* OpenSSL's alert */
	tls_io_close(&ends.io[SERVER]);
	assert_int_equal(read(ends.fd[CLIENT], p, sizeof(p)), -1);
	assert_string_equal(tls_io_reason(), "no reason was given");
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(octets),
		ONE(a_full_socket),
		ONE(an_end_that_is_said),
		ONE(an_end_that_is_not),
		ONE(what_is_no_tls),
	};

	return cmocka_run_group_tests_name("tls_io", tests, NULL, NULL);
}
