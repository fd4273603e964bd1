/* SPDX-License-Identifier: ISC */
/* The doctor looks at the listeners, as a device of this host would. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/check.h"
#include "common/secret_rule.h"
#include "common/xalloc.h"

#define CONNECT_MS 3000 /* an address of this host */
#define TLS_1_2    12

#define SS "ss -ltnp shows which program that is: stop and disable it, then: "

/* Where a client of this host finds it. */
static socklen_t
place_of(const struct conf_listen *l, struct sockaddr_storage *ss)
{
	struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)l->port) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)l->port) };

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, l->address, &four.sin_addr) == 1) {
		if (four.sin_addr.s_addr == htonl(INADDR_ANY))
			four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		memcpy(ss, &four, sizeof(four));
		return sizeof(four);
	}
	if (inet_pton(AF_INET6, l->address, &six.sin6_addr) == 1 &&
	    IN6_IS_ADDR_UNSPECIFIED(&six.sin6_addr))
		six.sin6_addr = in6addr_loopback;
	memcpy(ss, &six, sizeof(six));
	return sizeof(six);
}

/* A connection, or -1 with errno. */
static int
dial(const struct conf_listen *l)
{
	struct sockaddr_storage ss;
	socklen_t len = place_of(l, &ss), size = sizeof(int);
	int fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int why = 0;

	if (fd == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&ss, len) == 0)
		return fd;
	why = errno;
	if (why == EINPROGRESS)
		why = poll(&p, 1, CONNECT_MS) != 1 ||
			      getsockopt(
				  fd, SOL_SOCKET, SO_ERROR, &why, &size) == -1
			  ? ETIMEDOUT
			  : why;
	if (why == 0)
		return fd;
	close(fd);
	errno = why;
	return -1;
}

/* ---- who answers ---- */

static bool
begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static void
judge_line(struct check *k, const char *what, const struct conf_listen *l,
    const char *line)
{
	if (begins(line, "220 ") && strstr(line, " ESMTP mailchute") != NULL)
		check_say(k, CHECK_OK, what, NULL, "answers on port %u of %s",
		    l->port, l->address);
	else if (begins(line, "554 5.7.1 "))
		check_say(k, CHECK_OK, what, NULL,
		    "answers on port %u of %s; this host itself is none of "
		    "listen.allow",
		    l->port, l->address);
	else if (begins(line, "421 4.7.0 "))
		check_say(k, CHECK_WARN, what,
		    "see who is inside: ss -tn, and the log's lines "
		    "event=client; raise listen.connections, or "
		    "listen.client_connections, if they are right",
		    "answers on port %u of %s, and turns clients away: %s",
		    l->port, l->address, line);
	else if (begins(line, "421 ") || begins(line, "451 "))
		check_say(k, CHECK_FAIL, what,
		    "mend what it says, then: systemctl reload mailchuted, or: "
		    "kill -HUP of it",
		    "answers on port %u of %s, and takes no mail: %s", l->port,
		    l->address, line);
	else
		check_say(k, CHECK_FAIL, what,
		    SS "systemctl restart mailchuted",
		    "another program answers on port %u of %s (%s)", l->port,
		    l->address, line[0] == '\0' ? "it says nothing" : line);
}

static void
say_silence(struct check *k, const char *what, const struct conf_listen *l)
{
	const char *why = strerror(errno);

	check_say(k, CHECK_FAIL, what,
	    k->has_daemon ? "systemctl restart mailchuted, or the same by "
			    "hand; its log says by event=listener why it does "
			    "not listen"
			  : "systemctl start mailchuted, or: mailchuted",
	    "nobody takes connections on port %u of %s: %s", l->port,
	    l->address, why);
}

static void
check_answer(struct check *k, const char *what, const struct conf_listen *l)
{
	char line[CHECK_LINE];
	int fd = dial(l);

	if (fd == -1) {
		say_silence(k, what, l);
		return;
	}
	if (l->tls == LISTEN_TLS_IMPLICIT) {
		check_say(k, CHECK_OK, what, NULL,
		    "takes connections on port %u of %s (TLS from the first "
		    "octet on)",
		    l->port, l->address);
	} else {
		check_first_line(fd, line);
		judge_line(k, what, l, line);
	}
	close(fd);
}

/* ---- with what ---- */

static void
check_tls(struct check *k, const char *what, const struct conf_listen *l)
{
	const struct secret_file files[] = {
		{ "certificate_file", l->certificate_file, true },
		{ "key_file", l->key_file, false },
	};
	char *certificate, *key;

	if (l->tls == LISTEN_TLS_NONE || l->certificate_file == NULL ||
	    l->key_file == NULL)
		return;
	check_secret_file(k, what, "listen", &files[0]);
	check_secret_file(k, what, "listen", &files[1]);
	certificate = secret_path(k->conf, l->certificate_file);
	key = secret_path(k->conf, l->key_file);
	check_cert(k, what, certificate, key);
	free(certificate);
	free(key);
	if (l->tls_min < TLS_1_2)
		check_say(k, CHECK_WARN, what,
		    "set tls_min = 1.2 when no device is left that needs less",
		    "takes TLS 1.%u: whoever is on the way may be able to read "
		    "and change what such a device sends, its password as "
		    "well; have none but its own network in listen.allow",
		    l->tls_min - 10);
}

static void
check_users(struct check *k, const char *what, const struct conf_listen *l)
{
	const struct secret_file users = { "users_file", l->users_file, false };

	if (l->auth != LISTEN_AUTH_OFF && l->users_file != NULL)
		check_secret_file(k, what, "listen", &users);
}

void
check_listener(struct check *k, const struct conf_listen *l)
{
	char *what = xasprintf("listener %s", l->name);

	check_answer(k, what, l);
	check_tls(k, what, l);
	check_users(k, what, l);
	free(what);
}

void
check_listeners(struct check *k)
{
	size_t i;

	for (i = 0; i < k->conf->nlisteners; i++)
		check_listener(k, &k->conf->listeners[i]);
}
