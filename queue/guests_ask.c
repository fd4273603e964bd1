/* SPDX-License-Identifier: ISC */
/*
 * What the smtpds of clients ask of the parent.  Each asks one thing, reads the
 * answer, and asks the next: one that does otherwise has been taken over.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/proto_listen.h"
#include "common/xalloc.h"
#include "queue/guests_priv.h"
#include "queue/peer.h"
#include "queue/sockets.h"

#define ORIGIN_MAX   65536
#define TROUBLES_MAX 8 /* of a session; ours tell two */

/* ---- a connection to the queue process ---- */

static int
connect_submit(const struct conf *c)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char *path = xasprintf(
	    "%s/%s", c->queue.socket_directory, sockets_name(SOCKET_SUBMIT));
	int fd;

	/* Checked with the configuration. */
	strlcpy(un.sun_path, path, sizeof(un.sun_path));
	free(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
say_origin(const struct guests *g, const struct guest *one,
    const struct client_words *words, int fd)
{
	struct submit_origin o = { .listener = one->conf->name,
		.client = (char *)(uintptr_t)one->text,
		.smtpd = one->pid,
		.login = one->sign_in.login,
		.senders = one->sign_in.senders,
		.words = *words };
	struct buf b;
	int rc;

	memcpy(o.token, g->token, sizeof(o.token));
	buf_init(&b, ORIGIN_MAX);
	rc = origin_put(&b, &o) == 0 &&
		     send(fd, b.data, b.len, MSG_NOSIGNAL) == (ssize_t)b.len
		 ? 0
		 : -1;
	buf_clear(&b);
	explicit_bzero(o.token, sizeof(o.token));
	return rc;
}

/* A reload may have shut out who is inside. */
static bool
is_allowed(const struct guest *one)
{
	struct network address;

	return network_parse(one->text, &address) == 0 &&
	       gate_allows(one->gate, &address);
}

/* A connection for a message of this client, or why there is none. */
static int
make_connection(const struct guests *g, const struct guest *one,
    const struct client_words *words, const char **why)
{
	int fd;

	*why = "this listener is closed";
	if (one->gate == NULL || one->conf == NULL)
		return -1;
	*why = "its address is not in listen.allow any more";
	if (!is_allowed(one))
		return -1;
	if ((*why = guests_auth_check(one)) != NULL)
		return -1;
	*why = LISTEN_NOT_READY;
	if ((fd = connect_submit(g->conf)) == -1)
		return -1;
	if (say_origin(g, one, words, fd) == 0)
		return fd;
	close(fd);
	return -1;
}

/* ---- what it says ---- */

/* One that tells more than an smtpd of ours has been taken over. */
static int
take_trouble(struct guests *g, struct guest *one, const struct frame *f)
{
	struct knock k = { .at = clock_wall() };
	struct err e;

	if (++one->troubles > TROUBLES_MAX ||
	    client_trouble_get(f, &k.trouble, &e) == -1)
		return -1;
	if (one->conf == NULL)
		return 0;
	gate_note_refusals(one->gate, k.trouble.count);
	strlcpy(k.listener, one->conf->name, sizeof(k.listener));
	strlcpy(k.client, one->text, sizeof(k.client));
	if (one->sign_in.login != NULL)
		strlcpy(k.login, one->sign_in.login, sizeof(k.login));
	knocks_note(g->knocks, &k);
	return 0;
}

enum heard {
	HEARD_NOTHING, /* that has an answer */
	HEARD_END,
	HEARD_ASK,
	HEARD_SIGN_IN,
	HEARD_NONSENSE
};

static enum heard
take(struct guests *g, struct guest *one, const struct frame *f,
    struct client_words *words)
{
	struct err e;

	switch (f->type) {
	case LISTEN_TROUBLE:
		return take_trouble(g, one, f) == 0 ? HEARD_NOTHING
						    : HEARD_NONSENSE;
	case LISTEN_SIGN_IN:
		return f->len == 0 ? HEARD_SIGN_IN : HEARD_NONSENSE;
	default:
		return client_words_get(f, words, &e) == 0 ? HEARD_ASK
							   : HEARD_NONSENSE;
	}
}

/* One that ends closes its channel, by whatever it ends. */
static enum heard
hear(struct guests *g, struct guest *one, struct client_words *words)
{
	char p[LISTEN_ASK_MAX];
	struct frame f;
	ssize_t n;

	n = recv(one->channel, p, sizeof(p), MSG_DONTWAIT | MSG_TRUNC);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return HEARD_NOTHING;
	if (n <= 0)
		return HEARD_END;
	if (n > (ssize_t)sizeof(p) || frame_parse(p, (size_t)n, &f) != n)
		return HEARD_NONSENSE;
	return take(g, one, &f, words);
}

void
guests_answer(struct guest *one, int fd, const char *text)
{
	if (one->channel != -1 &&
	    fdpass_send(one->channel, fd, text, clock_mono_ms(), NULL) == -1)
		guests_close_channel(one);
}

static void
answer_ask(
    struct guests *g, struct guest *one, const struct client_words *words)
{
	const char *why = "";
	int fd = make_connection(g, one, words, &why);

	guests_answer(one, fd, fd == -1 ? why : "");
	if (fd != -1)
		close(fd);
}

void
guests_hear(struct guests *g, struct guest *one)
{
	struct client_words words = { .is_esmtp = false };
	enum heard heard = hear(g, one, &words);

	/* Answers that nobody reads would fill up what all share. */
	if ((heard == HEARD_ASK || heard == HEARD_SIGN_IN) &&
	    !peer_has_read(one->channel)) {
		guests_condemn(g, one, "asks again without reading the answer");
		return;
	}
	switch (heard) {
	case HEARD_NOTHING:
		break;
	case HEARD_END:
		guests_close_channel(one);
		break;
	case HEARD_ASK:
		answer_ask(g, one, &words);
		break;
	case HEARD_SIGN_IN:
		guests_auth_ask(g, one, clock_mono_ms());
		break;
	case HEARD_NONSENSE:
		guests_condemn(g, one, "says what no smtpd says");
		break;
	}
}
