/* SPDX-License-Identifier: ISC */
/*
 * A listener's handshake with clients of all ages, each a child of this
 * process, and what goes through it.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
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
#include <openssl/ssl.h>

#include "common/clock.h"
#include "smtpd/tls.h"
#include "tests/unit/tlsmeet.h"
#include "tests/unit/tlspair.h"

#define WATCH_SEC 20

static struct pair rsa, ec;

static int
set_up(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	tlspair_make(&rsa, &(struct tlspair){ .bits = 2048 });
	tlspair_make(&ec, &(struct tlspair){ .is_ec = true });
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	pair_wipe(&rsa);
	pair_wipe(&ec);
	return 0;
}

/* ---- versions, ciphers, signatures ---- */

static const struct {
	int version;
	const char *name;
} versions[] = {
	{ TLS1_VERSION, "TLSv1" },
	{ TLS1_1_VERSION, "TLSv1.1" },
	{ TLS1_2_VERSION, "TLSv1.2" },
	{ TLS1_3_VERSION, "TLSv1.3" },
};

/*
 * In a process each, since whether OpenSSL's configuration is read is decided
 * once: this program, told to play one scene.
 */
static char *self;      /* the path of this program */
static unsigned number; /* of the scene */

static void
play(const char *scene, unsigned n, const char *policy)
{
	char *argv[] = { self, NULL, NULL, NULL };
	char digits[16];
	int status;
	pid_t pid;

	snprintf(digits, sizeof(digits), "%u", n);
	argv[1] = (char *)(uintptr_t)scene;
	argv[2] = digits;
	if ((pid = fork()) == 0) {
		(void)dup2(STDERR_FILENO, STDOUT_FILENO);
		setenv("CMOCKA_MESSAGE_OUTPUT", "STDOUT", 1);
		setenv(
		    "OPENSSL_CONF", policy == NULL ? "/dev/null" : policy, 1);
		execv(self, argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("%s %u: status %#x", scene, n, (unsigned)status);
}

static void
clients_of_each_version(void **state)
{
	struct as as = { 0 };
	unsigned i, min = number;

	(void)state;

	for (i = 0; i < 4; i++) {
		as.version = versions[i].version;
		if (10 + i >= min)
			meets(min, &rsa, &as, versions[i].name);
		else
			does_not_meet(min, &rsa, &as, "below listen.tls_min");
	}
	as.version = 0;
	meets(min, &rsa, &as, "TLSv1.3");
}

static void
least_versions(void **state)
{
	unsigned min;

	(void)state;
	for (min = 10; min <= 13; min++)
		play("versions", min, NULL);
}

static void
old_ciphers(void **state)
{
	unsigned min = number;
	static const char *const bad[] = { "NULL-SHA", "ADH-AES128-SHA",
		"AECDH-AES128-SHA", "NULL-MD5" };
	struct as as = { .version = TLS1_VERSION };
	size_t i;

	(void)state;
	as.ciphers = "AES128-SHA";
	meets(min, &rsa, &as, "TLSv1");
	as.ciphers = "ECDHE-ECDSA-AES128-SHA";
	meets(min, &ec, &as, "TLSv1");
	as.ciphers = "ECDHE-RSA-AES128-SHA";
	does_not_meet(min, &ec, &as, "no cipher");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		as.ciphers = bad[i];
		does_not_meet(min, &rsa, &as, "no cipher");
	}
}

static void
ciphers(void **state)
{
	(void)state;
	play("ciphers", 10, NULL);
}

static void
sha1(void **state)
{
	const struct as as = { .version = TLS1_2_VERSION,
		.ciphers = "ECDHE-RSA-AES128-SHA",
		.signatures = "RSA+SHA1" };

	(void)state;
	if (number < 12)
		meets(number, &rsa, &as, "TLSv1.2");
	else
		does_not_meet(number, &rsa, &as, "signature");
}

static void
signatures_with_sha1(void **state)
{
	(void)state;
	play("sha1", 10, NULL);
	play("sha1", 11, NULL);
	play("sha1", 12, NULL);
}

/* ---- octets ---- */

static int
say_hello(SSL *ssl, int fd)
{
	char got[16];

	(void)fd;
	if (SSL_write(ssl, "hello\r\n", 7) != 7 ||
	    SSL_read(ssl, got, sizeof(got)) != 5 ||
	    memcmp(got, "world", 5) != 0)
		return 4;
	/* and no ticket has come */
	return SSL_SESSION_has_ticket(SSL_get_session(ssl)) ? 5 : 0;
}

static void
there_and_back(void **state)
{
	struct as as = { .act = say_hello };
	struct meeting m;
	struct io io;
	char p[16];

	(void)state;
	as.version = versions[number].version;
	assert_int_equal(meet(&m, 10, &rsa, &as), 0);
	io = tls_io(m.tls);
	assert_int_equal(
	    io.read(io.arg, p, sizeof(p), clock_mono_ms() + TEST_MS), 7);
	assert_memory_equal(p, "hello\r\n", 7);
	assert_true(io.waits(io.arg));
	assert_int_equal(
	    io.write(io.arg, "world", 5, clock_mono_ms() + TEST_MS), 0);
	assert_int_equal(
	    io.read(io.arg, p, sizeof(p), clock_mono_ms() + TEST_MS), 0);
	assert_false(io.waits(io.arg));
	assert_int_equal(part(&m), 0);
}

static void
octets(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 4; i++)
		play("octets", i, NULL);
}

static int
update_keys(SSL *ssl, int fd)
{
	char octet;

	if (SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 ||
	    SSL_do_handshake(ssl) != 1)
		return 4;
	/* the other says, out of TLS, that it may close */
	return read(fd, &octet, 1) == -1 ? 5 : 0;
}

/* What came is no octet of the client's: replies must not be kept for it. */
static void
waits_for_the_client(void **state)
{
	const struct as as = { .version = TLS1_3_VERSION, .act = update_keys };
	struct meeting m;
	struct io io;
	char p[1];

	(void)state;
	assert_int_equal(meet(&m, 12, &rsa, &as), 0);
	io = tls_io(m.tls);
	errno = 0;
	/* Not before the update has come: that of a socket is seen by peeking.
	 */
	while (recv(m.fd, p, 1, MSG_PEEK) == -1)
		assert_int_equal(errno, EAGAIN);
	assert_true(io.waits(io.arg));
	assert_int_equal(io.read(io.arg, p, 1, clock_mono_ms()), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(part(&m), 0);
}

/* Until the other is gone. */
static int
read_nothing(SSL *ssl, int fd)
{
	struct pollfd end = { .fd = fd, .events = POLLRDHUP };

	(void)ssl;
	return poll(&end, 1, -1) == 1 ? 0 : 4;
}

/* A write that waits, waits for ever. */
static void
a_client_that_does_not_read(void **state)
{
	static const char much[65536] = "";
	const struct as as = { .act = read_nothing };
	struct meeting m;
	struct io io;
	int rc;

	(void)state;
	assert_int_equal(meet(&m, 12, &rsa, &as), 0);
	io = tls_io(m.tls);
	alarm(WATCH_SEC);
	errno = 0;
	do
		rc = io.write(io.arg, much, sizeof(much), clock_mono_ms());
	while (rc == 0);
	assert_int_equal(errno, ETIMEDOUT);
	/* nor is it waited for in the end */
	tls_free(m.tls);
	m.tls = NULL;
	alarm(0);
	assert_int_equal(part(&m), 0);
}

static int
renegotiate(SSL *ssl, int fd)
{
	(void)fd;
	if (SSL_renegotiate(ssl) != 1)
		return 4;
	return SSL_do_handshake(ssl) == 1 ? 5 : 0;
}

static void
no_renegotiation(void **state)
{
	const struct as as = { .version = TLS1_2_VERSION, .act = renegotiate };
	struct meeting m;
	struct io io;
	char p[1];

	(void)state;
	assert_int_equal(meet(&m, 12, &rsa, &as), 0);
	io = tls_io(m.tls);
	assert_true(io.read(io.arg, p, 1, clock_mono_ms() + TEST_MS) <= 0);
	assert_int_equal(part(&m), 0);
}

/* ---- who never comes to the end ---- */

static void
a_handshake_without_an_end(void **state)
{
	/* the first octets of a ClientHello, and then no more */
	static const char *const begun[] = { "", "\x16\x03\x01\x02", "\x16" };
	struct tls_rules *r;
	struct err e;
	bool is_silent;
	size_t i;
	int fd[2];

	(void)state;
	r = tls_rules_new(12, &rsa, &e);
	assert_non_null(r);
	for (i = 0; i < sizeof(begun) / sizeof(begun[0]); i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
		assert_int_equal(
		    write(fd[1], begun[i], strlen(begun[i])), strlen(begun[i]));
		assert_null(tls_accept(
		    r, ENDS(fd[0]), clock_mono_ms(), &is_silent, &e));
		assert_non_null(strstr(e.text, "in time"));
		assert_false(is_silent);
		close(fd[1]);
		close(fd[0]);
	}
	tls_rules_free(r);
}

static void
who_speaks_no_tls(void **state)
{
	struct tls_rules *r;
	struct err e;
	bool is_silent;
	int fd[2];
	char p[64];

	(void)state;
	r = tls_rules_new(12, &rsa, &e);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(write(fd[1], "MAIL FROM:<a@b>\r\n", 17), 17);
	assert_null(tls_accept(
	    r, ENDS(fd[0]), clock_mono_ms() + TEST_MS, &is_silent, &e));
	assert_non_null(strstr(e.text, "no TLS"));
	assert_false(is_silent);
	close(fd[1]);
	close(fd[0]);
	/* one who leaves in the middle */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(write(fd[1], "\x16", 1), 1);
	close(fd[1]);
	assert_null(tls_accept(
	    r, ENDS(fd[0]), clock_mono_ms() + TEST_MS, &is_silent, &e));
	assert_false(is_silent);
	close(fd[0]);
	/* one who only looks */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	close(fd[1]);
	assert_null(tls_accept(
	    r, ENDS(fd[0]), clock_mono_ms() + TEST_MS, &is_silent, &e));
	assert_non_null(strstr(e.text, "closed"));
	assert_true(is_silent);
	assert_int_equal(read(fd[0], p, sizeof(p)), 0);
	close(fd[0]);
	tls_rules_free(r);
}

/* ---- the system's configuration of OpenSSL ---- */

static const char policy[] =
    "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\n"
    "system_default = default\n[default]\n"
    "CipherString = ECDHE-RSA-AES256-GCM-SHA384:@SECLEVEL=2\n"
    "MinProtocol = TLSv1.2\n";

/* Of TLS 1.0 it is not asked; from 1.2 on it holds. */
static void
under_the_policy(void **state)
{
	const struct as old = { .version = TLS1_VERSION },
			other = { .version = TLS1_2_VERSION,
				.ciphers = "ECDHE-RSA-AES128-GCM-SHA256" },
			fit = { .version = TLS1_2_VERSION };

	(void)state;
	if (number == 10) {
		meets(number, &rsa, &old, "TLSv1");
		return;
	}
	does_not_meet(number, &rsa, &other, "no cipher");
	meets(number, &rsa, &fit, "TLSv1.2");
}

static void
the_systems_policy(void **state)
{
	char path[] = "/tmp/mailchute-cnf-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, policy, strlen(policy)), strlen(policy));
	close(fd);
	play("policy", 10, path);
	play("policy", 12, path);
	unlink(path);
}

/* As smtpd does, whose first use of OpenSSL that is. */
static int
set_up_scene(void **state)
{
	struct pair empty;
	struct err e;

	pair_init(&empty);
	if (number >= 10)
		tls_rules_free(tls_rules_new(number, &empty, &e));
	return set_up(state);
}

static int
play_scene(const char *name)
{
	static const struct CMUnitTest scenes[] = {
		{ "versions", clients_of_each_version, NULL, NULL, NULL },
		{ "ciphers", old_ciphers, NULL, NULL, NULL },
		{ "sha1", sha1, NULL, NULL, NULL },
		{ "octets", there_and_back, NULL, NULL, NULL },
		{ "policy", under_the_policy, NULL, NULL, NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		const struct CMUnitTest one[] = { scenes[i] };

		if (strcmp(scenes[i].name, name) == 0)
			return cmocka_run_group_tests(
			    one, set_up_scene, tear_down);
	}
	return 126;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(least_versions),
		cmocka_unit_test(ciphers),
		cmocka_unit_test(signatures_with_sha1),
		cmocka_unit_test(octets),
		cmocka_unit_test(waits_for_the_client),
		cmocka_unit_test(a_client_that_does_not_read),
		cmocka_unit_test(no_renegotiation),
		cmocka_unit_test(a_handshake_without_an_end),
		cmocka_unit_test(who_speaks_no_tls),
		cmocka_unit_test(the_systems_policy),
	};

	self = argv[0];
	if (argc == 3) {
		number = (unsigned)strtoul(argv[2], NULL, 10);
		return play_scene(argv[1]);
	}
	return cmocka_run_group_tests_name(
	    "smtpd_tls", tests, set_up, tear_down);
}
