/* SPDX-License-Identifier: ISC */
/* Connecting for a program that will not be allowed to. */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/priv.h"
#include "delivery/address.h"
#include "delivery/token_dial.h"

#define ADDRESSES_MAX 16
#define HURRY         3 /* this part of its time, where others are left */
#define HELPER_FD     3

static int
connect_one(const struct addrinfo *a, const struct token_dial_to *to,
    bool has_others, struct err *e)
{
	int64_t limit_ms = has_others ? to->connect_ms / HURRY : to->connect_ms;
	int64_t by_ms = clock_mono_ms() + limit_ms;
	char address[64];
	int fd;

	if (by_ms > to->deadline_ms)
		by_ms = to->deadline_ms;
	if ((fd = address_connect(a, to->watch, by_ms)) != -1)
		return fd;
	if (errno == ECANCELED)
		return err_set(
		    e, ERR_LOCAL, "4.3.2", "mailchuted ended this request");
	address_format(a, address, sizeof(address));
	return err_errno(e, ERR_TEMP, RESOLVE_NO_HOST, "connecting to %s, %s",
	    to->host, address);
}

/* The first address that takes a connection, which is d->fd; or NULL. */
static const struct addrinfo *
connect_any(struct token_dial *d, const struct addrinfo *list,
    const struct token_dial_to *to, struct err *e)
{
	const struct addrinfo *a;
	int tried = 0;

	for (a = list; a != NULL && tried < ADDRESSES_MAX; a = a->ai_next) {
		tried++;
		d->fd = connect_one(a, to, a->ai_next != NULL, e);
		if (d->fd != -1)
			return a;
		if (e->class == ERR_LOCAL)
			break;
	}
	return NULL;
}

/* ---- the child ---- */

static void __attribute__((noreturn))
serve(int sock, const struct addrinfo *a, const struct token_dial_to *to)
{
	struct token_dial_to each = *to;
	struct err e;
	char octet;
	int fd;

	if (dup2(sock, HELPER_FD) == -1)
		_exit(1);
	priv_close_from(HELPER_FD + 1);
	(void)signal(SIGALRM, SIG_DFL);
	each.watch = HELPER_FD;
	while (recv(HELPER_FD, &octet, 1, 0) == 1) {
		each.deadline_ms = clock_mono_ms() + to->connect_ms;
		fd = connect_one(a, &each, false, &e);
		if (fdpass_send(HELPER_FD, fd, fd == -1 ? e.text : "",
			clock_mono_ms() + to->connect_ms, NULL) == -1)
			break;
		if (fd != -1)
			close(fd);
	}
	_exit(0);
}

static int
start_helper(struct token_dial *d, const struct addrinfo *a,
    const struct token_dial_to *to, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "socketpair");
	if ((d->pid = fork()) == 0)
		serve(pair[1], a, to);
	close(pair[1]);
	d->helper = pair[0];
	if (d->pid != -1)
		return 0;
	return err_errno(e, ERR_TEMP, "4.3.0", "fork");
}

/* ---- all of it ---- */

static int
note_address(struct token_dial *d, const struct addrinfo *a, struct err *e)
{
	int rc = getnameinfo(a->ai_addr, a->ai_addrlen, d->address,
	    sizeof(d->address), NULL, 0, NI_NUMERICHOST);

	if (rc == 0)
		return 0;
	return err_set(e, ERR_TEMP, "4.3.0", "an address of %s: %s", d->host,
	    gai_strerror(rc));
}

int
token_dial_open(
    struct token_dial *d, const struct token_dial_to *to, struct err *e)
{
	const struct addrinfo *a;
	struct addrinfo *list;
	int rc = -1;

	memset(d, 0, sizeof(*d));
	d->fd = d->helper = d->pid = -1;
	strlcpy(d->host, to->host, sizeof(d->host));
	d->port = to->port;
	if (address_find(to->host, to->port, to->family, &list, e) == -1)
		return -1;
	if ((a = connect_any(d, list, to, e)) != NULL &&
	    note_address(d, a, e) == 0)
		rc = to->is_repeated ? start_helper(d, a, to, e) : 0;
	freeaddrinfo(list);
	if (rc == -1)
		token_dial_close(d);
	return rc;
}

int
token_dial_take(struct token_dial *d)
{
	char text[FDPASS_TEXT_MAX];
	int fd = d->fd;

	d->fd = -1;
	if (fd != -1 || d->helper == -1)
		return fd;
	if (send(d->helper, "C", 1, MSG_NOSIGNAL) != 1 ||
	    fdpass_recv(d->helper, &fd, text, CLOCK_NEVER, NULL) == -1)
		return -1;
	return fd;
}

void
token_dial_close(struct token_dial *d)
{
	if (d->fd != -1)
		close(d->fd);
	if (d->helper != -1)
		close(d->helper);
	/* It sees the end of its socket, and needs no wait. */
	d->fd = d->helper = -1;
}
