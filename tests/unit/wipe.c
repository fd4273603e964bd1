/* SPDX-License-Identifier: ISC */
/*
 * What a sign-in leaves in memory: nothing of the credential, neither bare nor
 * in base64, in what was freed or in what is still allocated.  The heap is seen
 * through __wrap_malloc and its kin.
 */
#include "config.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "mail/base64.h"
#include "delivery/conn.h"
#include "delivery/sasl.h"
#include "delivery/session.h"

/* In base64 it reads the same wherever it begins: 3 octets, many times. */
#define SECRET  "abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc"
#define BEHIND  "this line is nobody's business"
#define BLOCKS  1024
#define PRESENT 12 /* octets in a row that give it away */

/* ---- the heap ---- */

static void *blocks[BLOCKS];
static size_t nblocks;
static bool is_seen; /* in a block that was freed */

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void __wrap_free(void *p);

static void *
note(void *p)
{
	if (p != NULL && nblocks < BLOCKS)
		blocks[nblocks++] = p;
	return p;
}

static bool
holds_secret(const void *p)
{
	static const char *const signs[] = { "abcabcabcabc", "YWJjYWJjYWJj",
		"JjYWJjYWJjYW", "FiY2FiY2FiY2", "nobody's bus" };
	size_t i, n = malloc_usable_size((void *)(uintptr_t)p);

	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (memmem(p, n, signs[i], PRESENT) != NULL)
			return true;
	return false;
}

void *
__wrap_malloc(size_t n)
{
	void *p = __real_malloc(n);

	/* What another left there is not ours. */
	if (p != NULL)
		memset(p, 0, n);
	return note(p);
}

void *
__wrap_calloc(size_t count, size_t n)
{
	return note(__real_calloc(count, n));
}

void
__wrap_free(void *p)
{
	size_t i;

	for (i = 0; i < nblocks; i++) {
		if (blocks[i] != p || p == NULL)
			continue;
		if (holds_secret(p))
			is_seen = true;
		blocks[i] = blocks[--nblocks];
		break;
	}
	__real_free(p);
}

static bool
is_left(void)
{
	size_t i;

	for (i = 0; i < nblocks; i++)
		if (holds_secret(blocks[i]))
			return true;
	return false;
}

/* ---- the sign-in ---- */

/* The secret channel with its answer, as SECRET_FD: of a file, or a command. */
static int
give_secret(const char *from, const char *verdict)
{
	static const char text[] = SECRET "\n" BEHIND "\n";
	int sock[2], file[2];
	struct err e;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sock), 0);
	assert_int_equal(pipe(file), 0);
	assert_int_equal(
	    write(file[1], text, sizeof(text) - 1), sizeof(text) - 1);
	close(file[1]);
	assert_int_equal(
	    fdpass_send(sock[0], file[0], from, CLOCK_NEVER, &e), 0);
	if (verdict != NULL)
		assert_int_equal(
		    fdpass_send(sock[0], -1, verdict, CLOCK_NEVER, &e), 0);
	close(file[0]);
	assert_int_equal(dup2(sock[1], SECRET_FD), SECRET_FD);
	close(sock[1]);
	return sock[0];
}

/* The whole session_open; its server has said everything beforehand. */
static void
sign_in_from(enum auth_mech mech, const char *replies, const char *from,
    const char *verdict)
{
	static char user[] = "user@example.com", helo[] = "client.example";
	static const char hello[] = "220 x\r\n250-x\r\n"
				    "250 AUTH LOGIN PLAIN XOAUTH2\r\n";
	struct job_session job = {
		.tls = TLS_NONE, .auth = mech, .user = user, .helo = helo
	};
	struct session s = { .job = &job, .is_loopback = true };
	struct job_result why;
	int fd[2], secret;
	int rc;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	send(fd[0], hello, sizeof(hello) - 1, 0);
	send(fd[0], replies, strlen(replies), 0);
	secret = give_secret(from, verdict);
	/* As if there had been a handshake. */
	strlcpy(s.ready.tls, "TLSv1.3", sizeof(s.ready.tls));
	s.conn = conn_new(fd[1], -1, "server.example");
	is_seen = false;
	rc = session_open(&s, &why);
	assert_int_equal(rc, strstr(replies, "235") == NULL ? -1 : 0);
	assert_false(is_seen);
	assert_false(is_left());
	conn_free(s.conn);
	assert_false(is_seen);
	close(secret);
	close(fd[0]);
}

static void
sign_in(enum auth_mech mech, const char *replies)
{
	sign_in_from(mech, replies, "", NULL);
}

static void
nor_of_what_a_command_printed(void **state)
{
	(void)state;
	sign_in_from(AUTH_PLAIN, "235 ok\r\n", "+ x", "0");
	/* It failed, so that nobody signs in. */
	sign_in_from(AUTH_PLAIN, "", "+ x", "5 ended with status 1");
}

static void
nothing_stays_of_a_credential(void **state)
{
	(void)state;
	sign_in(AUTH_LOGIN, "334 u\r\n334 p\r\n235 ok\r\n");
	sign_in(AUTH_PLAIN, "235 ok\r\n");
	sign_in(AUTH_XOAUTH2, "235 ok\r\n");
}

static void
nor_of_one_that_was_refused(void **state)
{
	(void)state;
	sign_in(AUTH_LOGIN, "334 u\r\n334 p\r\n535 5.7.3 no\r\n");
	sign_in(AUTH_PLAIN, "535 5.7.3 no\r\n");
	sign_in(AUTH_XOAUTH2, "334 x\r\n535 5.7.3 no\r\n");
	sign_in(AUTH_LOGIN, "334 u\r\n334 p\r\n999\r\n");
}

/* The test itself: it does see one. */
static void
a_secret_would_be_seen(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(base64_put(&b, "x" SECRET, 40), 0);
	assert_true(is_left());
	is_seen = false;
	buf_clear(&b);
	assert_true(is_seen);
	assert_false(is_left());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_would_be_seen),
		cmocka_unit_test(nothing_stays_of_a_credential),
		cmocka_unit_test(nor_of_one_that_was_refused),
		cmocka_unit_test(nor_of_what_a_command_printed),
	};

	/* SECRET_FD is taken, so that no socket of the test gets it. */
	while (open("/dev/null", O_RDONLY) < SECRET_FD)
		;
	return cmocka_run_group_tests_name("wipe", tests, NULL, NULL);
}
