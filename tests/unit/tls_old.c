/* SPDX-License-Identifier: ISC */
/* What TLS 1.0 is admitted, and nothing beside it. */
#include "config.h"

#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "common/tls_old.h"
#include "delivery/tls_trial.h"

static void
the_rule_admits_three_things(void **state)
{
	int op, nid, versions = OpenSSL_version_num() >= 0x30100000UL;

	(void)state;
	for (op = 0; op < 1 << 20; op++)
		for (nid = NID_undef; nid < 5; nid++)
			if (tls_old_admits(false, op, nid))
				fail_msg("operation %d, %d", op, nid);
	assert_true(
	    tls_old_admits(false, SSL_SECOP_SIGALG_SUPPORTED, NID_md5_sha1));
	assert_true(
	    tls_old_admits(false, SSL_SECOP_SIGALG_CHECK, NID_md5_sha1));
	assert_false(
	    tls_old_admits(false, SSL_SECOP_SIGALG_SHARED, NID_md5_sha1));
	assert_false(tls_old_admits(false, SSL_SECOP_SIGALG_CHECK, NID_sha1));
	assert_false(tls_old_admits(false, SSL_SECOP_SIGALG_CHECK, NID_md5));
	assert_false(tls_old_admits(false, SSL_SECOP_EE_KEY, NID_md5_sha1));
	assert_false(tls_old_admits(false, SSL_SECOP_CA_MD, NID_md5_sha1));
	assert_int_equal(
	    tls_old_admits(false, SSL_SECOP_VERSION, TLS1_VERSION), versions);
	assert_int_equal(
	    tls_old_admits(false, SSL_SECOP_VERSION, TLS1_1_VERSION), versions);
	assert_false(tls_old_admits(false, SSL_SECOP_VERSION, SSL3_VERSION));
}

static SSL_CTX *
admitted(struct tls_old *old, const char *ciphers)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct err e;

	assert_non_null(ctx);
	if (ciphers != NULL)
		assert_int_equal(SSL_CTX_set_cipher_list(ctx, ciphers), 1);
	assert_int_equal(tls_old_admit(ctx, old, &e), 0);
	return ctx;
}

static void
the_level_and_the_highest_version_stay(void **state)
{
	SSL_CTX *plain = SSL_CTX_new(TLS_client_method()), *ctx;
	struct tls_old old = { .is_server = false };

	(void)state;
	ctx = admitted(&old, NULL);
	assert_int_equal(
	    SSL_CTX_get_security_level(ctx), SSL_CTX_get_security_level(plain));
	assert_true(SSL_CTX_get_security_level(ctx) > 0);
	assert_int_equal(SSL_CTX_get_max_proto_version(ctx),
	    SSL_CTX_get_max_proto_version(plain));
	SSL_CTX_free(plain);
	SSL_CTX_free(ctx);
}

static void
no_weak_cipher_is_left(void **state)
{
	static const char *const lists[] = { NULL, "ALL:@SECLEVEL=1", "ALL",
		"ALL:eNULL:@SECLEVEL=0" };
	const STACK_OF(SSL_CIPHER) * all;
	struct tls_old old = { .is_server = false };
	SSL_CTX *ctx;
	size_t k;
	int i, n;

	(void)state;
	for (k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
		ctx = admitted(&old, lists[k]);
		all = SSL_CTX_get_ciphers(ctx);
		for (i = n = 0; i < sk_SSL_CIPHER_num(all); i++) {
			const SSL_CIPHER *c = sk_SSL_CIPHER_value(all, i);
			const char *name = SSL_CIPHER_get_name(c);

			n += strcmp(name, "ECDHE-RSA-AES256-SHA") == 0;
			if (SSL_CIPHER_get_kx_nid(c) == NID_kx_rsa ||
			    strstr(name, "NULL") != NULL ||
			    SSL_CIPHER_get_auth_nid(c) == NID_auth_null ||
			    strstr(name, "MD5") != NULL ||
			    strstr(name, "RC4") != NULL ||
			    strstr(name, "DES") != NULL)
				fail_msg("%s is left", name);
		}
		assert_int_equal(n, 1);
		SSL_CTX_free(ctx);
	}
}

/* Devices may have nothing better than static RSA; the rest is as above. */
static void
a_server_keeps_static_rsa_alone(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	const STACK_OF(SSL_CIPHER) * all;
	struct tls_old old = { .is_server = true };
	struct err e;
	int i, n = 0;

	(void)state;
	SSL_CTX_set_cipher_list(ctx, "ALL:eNULL:@SECLEVEL=0");
	assert_int_equal(tls_old_admit(ctx, &old, &e), 0);
	all = SSL_CTX_get_ciphers(ctx);
	for (i = 0; i < sk_SSL_CIPHER_num(all); i++) {
		const SSL_CIPHER *c = sk_SSL_CIPHER_value(all, i);
		const char *name = SSL_CIPHER_get_name(c);

		n += strcmp(name, "AES128-SHA") == 0;
		if (SSL_CIPHER_get_auth_nid(c) == NID_auth_null ||
		    strstr(name, "NULL") != NULL ||
		    strstr(name, "RC4") != NULL ||
		    strstr(name, "DES") != NULL || strstr(name, "MD5") != NULL)
			fail_msg("%s is left", name);
	}
	assert_int_equal(n, 1);
	assert_true(tls_old_admits(true, SSL_SECOP_SIGALG_SHARED, NID_sha1));
	assert_true(
	    tls_old_admits(true, SSL_SECOP_SIGALG_SUPPORTED, NID_md5_sha1));
	assert_false(tls_old_admits(true, SSL_SECOP_SIGALG_CHECK, NID_md5));
	assert_false(tls_old_admits(true, SSL_SECOP_CA_MD, NID_sha1));
	assert_false(tls_old_admits(true, SSL_SECOP_VERSION, SSL3_VERSION));
	SSL_CTX_free(ctx);
}

/* What the system took away does not come back. */
static void
no_cipher_comes_back(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct tls_old old = { .is_server = false };
	struct err e;

	(void)state;
	assert_int_equal(
	    SSL_CTX_set_cipher_list(ctx, "ECDHE-RSA-AES128-GCM-SHA256"), 1);
	assert_int_equal(tls_old_admit(ctx, &old, &e), 0);
	assert_int_equal(SSL_CTX_set_ciphersuites(ctx, ""), 1);
	assert_int_equal(sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(ctx)), 1);
	assert_int_equal(SSL_CTX_set_cipher_list(ctx, "AES128-SHA"), 1);
	assert_int_equal(tls_old_admit(ctx, &old, &e), -1);
	assert_non_null(strstr(e.text, "no cipher"));
	SSL_CTX_free(ctx);
}

static char *self; /* the path of this program */

/* In a child: OpenSSL reads its configuration once, when it is first used. */
static void
become(const char *conf, const char *policy, int out)
{
	char *argv[] = { self, NULL, NULL };

	argv[1] = strdup(policy);
	dup2(out, STDOUT_FILENO);
	setenv("OPENSSL_CONF", conf, 1);
	execv(self, argv);
	_exit(127);
}

/* What the trial says under that configuration, and its exit status. */
static int
try_with(const char *conf, const char *policy, char *said, size_t size)
{
	char path[] = "/tmp/mailchute-cnf-XXXXXX";
	int fd = mkstemp(path), out[2], status;
	ssize_t n;
	pid_t pid;
	FILE *f;

	assert_int_not_equal(fd, -1);
	assert_non_null(f = fdopen(fd, "w"));
	fprintf(f,
	    "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\n"
	    "system_default = all\n[all]\n%s\n",
	    conf);
	fclose(f);
	assert_int_equal(pipe(out), 0);
	fflush(NULL);
	if ((pid = fork()) == 0)
		become(path, policy, out[1]);
	close(out[1]);
	/* One line, which comes in one piece, or the end. */
	n = read(out[0], said, size - 1);
	assert_true(n >= 0);
	said[n] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(path);
	return status;
}

static void
the_trial_tells_what_refuses(void **state)
{
	static const struct {
		const char *conf;
		bool ok;
		const char *says;
	} rows[] = {
		{ "MinProtocol = TLSv1.2", true, "" },
		{ "CipherString = DEFAULT:@SECLEVEL=1", true, "" },
		{ "CipherString = DEFAULT:@SECLEVEL=2", true, "" },
		{ "CipherString = DEFAULT:@SECLEVEL=3", false,
		    "security level 3" },
		{ "CipherString = ALL:@SECLEVEL=5", false, "security level 5" },
		{ "CipherString = ECDHE+AESGCM", false, "no cipher" },
	};
	char said[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(try_with(rows[i].conf, "/no/policy", said,
				     sizeof(said)) == 0,
		    rows[i].ok);
		if (strstr(said, rows[i].says) == NULL ||
		    (!rows[i].ok &&
			strstr(said, "/tmp/mailchute-cnf-") == NULL))
			fail_msg("%s: \"%s\"", rows[i].conf, said);
	}
}

static void
the_policys_name_is_told(void **state)
{
	char said[1024], path[] = "/tmp/mailchute-policy-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, "FUTURE\n", 7), 7);
	close(fd);
	assert_int_not_equal(try_with("CipherString = ALL:@SECLEVEL=5", path,
				 said, sizeof(said)),
	    0);
	assert_non_null(strstr(said, "the crypto policy FUTURE"));
	unlink(path);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rule_admits_three_things),
		cmocka_unit_test(the_level_and_the_highest_version_stay),
		cmocka_unit_test(no_weak_cipher_is_left),
		cmocka_unit_test(a_server_keeps_static_rsa_alone),
		cmocka_unit_test(no_cipher_comes_back),
		cmocka_unit_test(the_trial_tells_what_refuses),
		cmocka_unit_test(the_policys_name_is_told),
	};
	struct err e;

	if (argc == 2) {
		if (tls_trial(argv[1], &e) == 0)
			return 0;
		printf("%s\n", e.text);
		return 1;
	}
	self = argv[0];
	return cmocka_run_group_tests_name("tls_old", tests, NULL, NULL);
}
