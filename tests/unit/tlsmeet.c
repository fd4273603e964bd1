/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "tests/unit/tlsmeet.h"

/* Its exit status is 0 when all went as it should. */
static void __attribute__((noreturn)) be_client(int fd, const struct as *as)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	char ciphers[256];
	SSL *ssl;

	snprintf(ciphers, sizeof(ciphers), "%s:@SECLEVEL=0",
	    as->ciphers == NULL ? "DEFAULT" : as->ciphers);
	if (SSL_CTX_set_cipher_list(ctx, ciphers) != 1 ||
	    SSL_CTX_set_min_proto_version(
		ctx, as->version == 0 ? TLS1_VERSION : as->version) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, as->version) != 1 ||
	    (as->signatures != NULL &&
		SSL_CTX_set1_sigalgs_list(ctx, as->signatures) != 1))
		_exit(3);
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		_exit(1);
	if (as->act != NULL)
		_exit(as->act(ssl, fd));
	(void)SSL_shutdown(ssl); /* who may be gone */
	_exit(0);
}

int
meet(struct meeting *m, unsigned min, const struct pair *p, const struct as *as)
{
	int fd[2];

	memset(m, 0, sizeof(*m));
	m->rules = tls_rules_new(min, p, &m->e);
	assert_non_null(m->rules);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	if ((m->client = fork()) == 0) {
		close(fd[0]);
		be_client(fd[1], as);
	}
	close(fd[1]);
	m->fd = fd[0];
	m->tls = tls_accept(m->rules, ENDS(m->fd), clock_mono_ms() + TEST_MS,
	    &m->is_silent, &m->e);
	return m->tls == NULL ? -1 : 0;
}

int
part(struct meeting *m)
{
	int status;

	tls_free(m->tls);
	tls_rules_free(m->rules);
	close(m->fd);
	assert_int_equal(waitpid(m->client, &status, 0), m->client);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void
meets(unsigned min, const struct pair *p, const struct as *as, const char *name)
{
	struct meeting m;
	int rc = meet(&m, min, p, as);

	if (rc == -1)
		print_error("%s\n", m.e.text);
	assert_int_equal(rc, 0);
	assert_string_equal(tls_version(m.tls), name);
	assert_int_equal(part(&m), 0);
}

void
does_not_meet(
    unsigned min, const struct pair *p, const struct as *as, const char *why)
{
	struct meeting m;

	assert_int_equal(meet(&m, min, p, as), -1);
	if (strstr(m.e.text, why) == NULL)
		fail_msg("%s", m.e.text);
	assert_int_equal(part(&m), 1);
}
