/* SPDX-License-Identifier: ISC */
/*
 * The handshake from inside the sandbox: certificates are found by their hash
 * through links into another folder, and nothing but the right one will do.
 * Versions, and certificates that are wrong in themselves, are in
 * tests/dialog/tls-*.txt.
 */
#include "config.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "common/clock.h"
#include "common/proto_job.h"
#include "common/sandbox.h"
#include "delivery/conn.h"
#include "delivery/tls.h"
#include "delivery/trust.h"

static char root[256];
static char link_name[512], store_name[512], hashed[512], store[512];
static EVP_PKEY *key;
static X509 *cert;

/* What a client leaves for the next one. */
static struct ticket {
	size_t n;
	char data[JOB_TICKET_MAX];
} * ticket;

/* A certificate for localhost that has signed itself. */
static X509 *
make_cert(EVP_PKEY *k)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509_EXTENSION *san;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, k);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"mailchute test", -1, -1, 0);
	X509_set_issuer_name(x, name);
	san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
	    "DNS:localhost,DNS:*.whole.example,DNS:par*.part.example");
	X509_add_ext(x, san, -1);
	X509_EXTENSION_free(san);
	return X509_sign(x, k, EVP_sha256()) == 0 ? NULL : x;
}

/* root/store/cert.crt, and root/hashed/HASH.0 that leads there. */
static int
set_up(void **state)
{
	const char *tmp = getenv("TMPDIR");
	FILE *f;

	(void)state;
	/* close_notify to a peer that is gone, as in deliver */
	(void)signal(SIGPIPE, SIG_IGN);
	snprintf(root, sizeof(root), "%s/mailchute-tls-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(root) == NULL)
		return -1;
	snprintf(hashed, sizeof(hashed), "%s/hashed", root);
	snprintf(store, sizeof(store), "%s/store", root);
	if (mkdir(hashed, 0700) == -1 || mkdir(store, 0700) == -1)
		return -1;
	/* Shared with the children, which are the clients. */
	ticket = mmap(NULL, sizeof(*ticket), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ticket == MAP_FAILED)
		return -1;
	key = EVP_EC_gen("P-256");
	if (key == NULL || (cert = make_cert(key)) == NULL)
		return -1;
	snprintf(store_name, sizeof(store_name), "%.250s/store/cert.crt", root);
	if ((f = fopen(store_name, "w")) == NULL ||
	    PEM_write_X509(f, cert) != 1 || fclose(f) != 0)
		return -1;
	snprintf(link_name, sizeof(link_name), "%.250s/hashed/%08lx.0", root,
	    X509_subject_name_hash(cert));
	return symlink("../store/cert.crt", link_name);
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(link_name);
	unlink(store_name);
	rmdir(hashed);
	rmdir(store);
	X509_free(cert);
	EVP_PKEY_free(key);
	return rmdir(root);
}

static int version = TLS1_3_VERSION; /* of the server, at most */

/* The server: a handshake, and one line. */
static void
serve(int fd)
{
	static unsigned char keys[80]; /* known, so that servers agree */
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	SSL_CTX_set_tlsext_ticket_keys(ctx, keys, sizeof(keys));
	SSL_CTX_set_max_proto_version(ctx, version);
	SSL_CTX_use_certificate(ctx, cert);
	SSL_CTX_use_PrivateKey(ctx, key);
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1)
		SSL_write(ssl,
		    SSL_session_reused(ssl) ? "220 again\r\n" : "220 hello\r\n",
		    11);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

enum ending {
	FINE,
	RESUMED,
	NO_TRUST,
	NO_SANDBOX,
	NO_HANDSHAKE,
	NO_NAME,
	NO_LINE
};

/* The client, as deliver does it. */
static enum ending
connect_as(const char *host, const char *folder, int fd)
{
	struct sandbox_path paths[8];
	char told[SANDBOX_TOLD_MAX];
	struct tls_policy *policy;
	struct trust t;
	const char *line;
	struct conn *c;
	struct err e;
	size_t i, n;

	if (trust_find(&t, NULL, sandbox_keeps_paths(SANDBOX_STRICT), folder,
		store_name, &e) == -1 ||
	    (policy = tls_policy_new(12, &t, &e)) == NULL)
		return NO_TRUST;
	for (i = 0; i < t.places.n && i < 8; i++)
		paths[i] = (struct sandbox_path){ t.places.v[i], SANDBOX_READ };
	if (sandbox_enter(
		SANDBOX_DELIVER, SANDBOX_STRICT, paths, i, told, &e) == -1)
		return NO_SANDBOX;
	tls_policy_resume(policy, ticket->data, ticket->n);
	c = conn_new(fd, -1, host);
	if (conn_start_tls(c, policy, &e) == -1)
		return strstr(e.text, "ostname mismatch") != NULL
			   ? NO_NAME
			   : NO_HANDSHAKE;
	if (conn_line(c, 100, &line, &n, &e) == -1 || n != 9)
		return NO_LINE;
	ticket->n = conn_tls_ticket(c)->len;
	memcpy(ticket->data, buf_data(conn_tls_ticket(c)), ticket->n);
	if (memcmp(line, "220 again", n) == 0)
		return RESUMED;
	conn_free(c);
	tls_policy_free(policy);
	trust_clear(&t);
	return FINE;
}

/* Only our own look at the clock comes here, not OpenSSL's. */
static bool is_later; /* the certificate has expired since */
int __wrap_X509_cmp_current_time(const ASN1_TIME *t);

int
__wrap_X509_cmp_current_time(const ASN1_TIME *t)
{
	(void)t;
	return is_later ? -1 : 1;
}

/* Both ends, each in a child; what the client came to. */
static enum ending
meet(const char *host, const char *folder)
{
	pid_t server, client;
	int fd[2], status;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	fflush(NULL);
	if ((server = fork()) == 0) {
		close(fd[1]);
		serve(fd[0]);
		_exit(0);
	}
	if ((client = fork()) == 0) {
		close(fd[0]);
		_exit((int)connect_as(host, folder, fd[1]));
	}
	close(fd[0]);
	close(fd[1]);
	assert_int_equal(waitpid(server, &status, 0), server);
	assert_int_equal(waitpid(client, &status, 0), client);
	assert_true(WIFEXITED(status));
	return (enum ending)WEXITSTATUS(status);
}

static void
a_certificate_by_its_hash(void **state)
{
	(void)state;
	assert_int_equal(meet("localhost", hashed), FINE);
}

static void
the_bundle_without_a_folder(void **state)
{
	(void)state;
	assert_int_equal(meet("localhost", "/no/such/folder"), FINE);
}

static void
another_name_is_refused(void **state)
{
	(void)state;
	assert_int_equal(meet("elsewhere.example", hashed), NO_NAME);
}

static void
a_wildcard_is_a_whole_label(void **state)
{
	(void)state;
	assert_int_equal(meet("smtp.whole.example", hashed), FINE);
	assert_int_equal(meet("a.smtp.whole.example", hashed), NO_NAME);
	assert_int_equal(meet("partial.part.example", hashed), NO_NAME);
}

static void
a_certificate_that_is_gone_is_not_trusted(void **state)
{
	char kept[600];

	(void)state;
	if (!sandbox_keeps_paths(SANDBOX_STRICT))
		skip();
	/* The folder has certificates, but none of this hash. */
	snprintf(kept, sizeof(kept), "%s/00000000.0", hashed);
	assert_int_equal(rename(link_name, kept), 0);
	assert_int_equal(meet("localhost", hashed), NO_HANDSHAKE);
	assert_int_equal(rename(kept, link_name), 0);
}

static void
a_ticket_resumes(void **state)
{
	static const int versions[] = { TLS1_3_VERSION, TLS1_2_VERSION };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		version = versions[i];
		ticket->n = 0;
		assert_int_equal(meet("localhost", hashed), FINE);
		assert_int_not_equal(ticket->n, 0);
		assert_int_equal(meet("localhost", hashed), RESUMED);
		assert_int_equal(meet("localhost", hashed), RESUMED);
	}
	version = TLS1_3_VERSION;
}

static void
a_ticket_is_for_one_host_and_one_store(void **state)
{
	struct ticket *first = malloc(sizeof(*first));

	(void)state;
	assert_non_null(first);
	ticket->n = 0;
	assert_int_equal(meet("localhost", hashed), FINE);
	*first = *ticket;
	assert_int_equal(meet("smtp.whole.example", hashed), FINE);
	*ticket = *first;
	assert_int_equal(meet("elsewhere.example", hashed), NO_NAME);
	*ticket = *first;
	assert_int_equal(meet("localhost", "/no/such/folder"), FINE);
	*ticket = *first;
	assert_int_equal(meet("localhost", hashed), RESUMED);
	free(first);
}

static void
a_ticket_ends_with_the_certificate(void **state)
{
	(void)state;
	ticket->n = 0;
	assert_int_equal(meet("localhost", hashed), FINE);
	is_later = true;
	assert_int_equal(meet("localhost", hashed), NO_HANDSHAKE);
	is_later = false;
}

static void
what_is_no_ticket_is_ignored(void **state)
{
	size_t n, i;

	(void)state;
	ticket->n = 0;
	assert_int_equal(meet("localhost", hashed), FINE);
	n = ticket->n;
	ticket->n = n / 2;
	assert_int_equal(meet("localhost", hashed), FINE);
	for (i = ticket->n / 2; i < ticket->n; i++)
		ticket->data[i] ^= 0x55;
	assert_int_equal(meet("localhost", hashed), FINE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_by_its_hash),
		cmocka_unit_test(the_bundle_without_a_folder),
		cmocka_unit_test(another_name_is_refused),
		cmocka_unit_test(a_wildcard_is_a_whole_label),
		cmocka_unit_test(a_certificate_that_is_gone_is_not_trusted),
		cmocka_unit_test(a_ticket_resumes),
		cmocka_unit_test(a_ticket_is_for_one_host_and_one_store),
		cmocka_unit_test(a_ticket_ends_with_the_certificate),
		cmocka_unit_test(what_is_no_ticket_is_ignored),
	};

	return cmocka_run_group_tests_name("tls", tests, set_up, tear_down);
}
