/* SPDX-License-Identifier: ISC */
/* Sockets, processes and TLS of the dialogue tests. */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/clock.h"
#include "common/xalloc.h"

#include "tests/dialog/dialog.h"

#define IN_MAX (8 * 1024 * 1024)

struct tls_side {
	SSL_CTX *ctx;
	SSL *ssl;
};

int
fail(struct stage *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->problem, sizeof(s->problem), fmt, ap);
	va_end(ap);
	return -1;
}

/* ---- both ends at once ---- */

static void
set_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void
peer_open(struct peer *p, int fd)
{
	memset(p, 0, sizeof(*p));
	p->fd = fd;
	buf_init(&p->in, IN_MAX);
	buf_init(&p->out, IN_MAX);
	set_nonblocking(fd);
}

static void
peer_close(struct peer *p)
{
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
	buf_clear(&p->in);
	buf_clear(&p->out);
}

static void
remember(struct stage *s, size_t before)
{
	const struct buf *in = &s->server.in;

	buf_append(s->tls == NULL ? &s->clear : &s->told, in->data + before,
	    in->len - before);
}

static void
job_write(struct peer *p)
{
	ssize_t n;

	if (p->out.len == 0)
		return;
	n = send(p->fd, p->out.data, p->out.len, MSG_NOSIGNAL);
	if (n > 0)
		buf_consume(&p->out, (size_t)n);
	else if (errno != EAGAIN)
		buf_truncate(&p->out, 0); /* deliver has gone: let it */
}

static void
job_read(struct peer *p)
{
	char *to = buf_reserve(&p->in, 65536);
	ssize_t n = to == NULL ? -1 : recv(p->fd, to, 65536, 0);

	if (n > 0)
		buf_grew(&p->in, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		p->ended = true;
}

static void
server_read(struct stage *s)
{
	struct peer *p = &s->server;
	char *to = buf_reserve(&p->in, 65536);
	ssize_t n;
	int rc;

	if (s->tls != NULL) {
		rc = SSL_read(s->tls->ssl, to, 65536);
		if (rc > 0) {
			buf_grew(&p->in, (size_t)rc);
			remember(s, p->in.len - (size_t)rc);
		} else if (SSL_get_error(s->tls->ssl, rc) !=
			   SSL_ERROR_WANT_READ)
			p->ended = true;
		ERR_clear_error();
		return;
	}
	n = recv(p->fd, to, 65536, 0);
	if (n > 0) {
		buf_grew(&p->in, (size_t)n);
		remember(s, p->in.len - (size_t)n);
	} else if (n == 0 || errno != EAGAIN)
		p->ended = true;
}

/* Lets time pass until something happened at either end. */
static int
pump(struct stage *s, int64_t deadline_ms)
{
	struct pollfd p[2] = { { .fd = -1, .events = POLLIN },
		{ .fd = -1, .events = POLLIN } };

	if (s->server.fd != -1 && !s->server.ended && !s->server.is_deaf)
		p[0].fd = s->server.fd;
	if (s->job.fd != -1 && !s->job.ended)
		p[1].fd = s->job.fd;
	if (s->job.out.len > 0)
		p[1].events |= POLLOUT;
	if (poll(p, 2, clock_poll_timeout(deadline_ms)) <= 0)
		return -1;
	if (p[1].revents != 0) {
		job_write(&s->job);
		if ((p[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
			job_read(&s->job);
	}
	if (p[0].revents != 0)
		server_read(s);
	return 0;
}

int
stage_wait(struct stage *s)
{
	return pump(s, clock_mono_ms() + WAIT_MS) == -1 ? fail(s, "silence")
							: 0;
}

/* ---- processes ---- */

int
stage_listen(struct stage *s)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);

	memset(s, 0, sizeof(*s));
	s->server.fd = s->job.fd = s->secret = s->log = -1;
	buf_init(&s->clear, IN_MAX);
	buf_init(&s->told, IN_MAX);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->listener == -1 ||
	    bind(s->listener, (struct sockaddr *)&in, len) == -1 ||
	    listen(s->listener, 5) == -1 ||
	    getsockname(s->listener, (struct sockaddr *)&in, &len) == -1)
		return fail(s, "listen: %s", strerror(errno));
	s->port = ntohs(in.sin_port);
	return 0;
}

int
stage_start(struct stage *s, const char *program)
{
	int job[2], secret[2], log;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, job) == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, secret) == -1)
		return fail(s, "socketpair: %s", strerror(errno));
	fflush(NULL);
	if ((s->pid = fork()) == 0) {
		/* above 4 first, so that neither dup2 hits the other */
		int a = fcntl(job[1], F_DUPFD, 10);
		int b = fcntl(secret[1], F_DUPFD, 10);

		log = s->log != -1 ? s->log : open("/dev/null", O_WRONLY);
		if (log != -1 && getenv("DIALOG_LOG") == NULL)
			dup2(log, STDERR_FILENO);
		signal(SIGPIPE, SIG_DFL);
		dup2(a, JOB_FD);
		dup2(b, SECRET_FD);
		execl(program, "deliver", (char *)NULL);
		_exit(127);
	}
	close(job[1]);
	close(secret[1]);
	peer_open(&s->job, job[0]);
	s->secret = secret[0];
	return s->pid == -1 ? fail(s, "fork: %s", strerror(errno)) : 0;
}

int
stage_exited(struct stage *s, int *status)
{
	int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

	/* Its end of the job channel closes when it exits. */
	while (!s->job.ended)
		if (pump(s, deadline_ms) == -1)
			return fail(s, "deliver does not exit");
	if (waitpid((pid_t)s->pid, status, 0) == -1)
		return fail(s, "waitpid: %s", strerror(errno));
	s->pid = 0;
	return 0;
}

void
stage_stop(struct stage *s)
{
	if (s->pid > 0) {
		kill((pid_t)s->pid, SIGKILL);
		waitpid((pid_t)s->pid, NULL, 0);
	}
	server_close(s, false);
	peer_close(&s->job);
	close(s->secret);
	close(s->listener);
	buf_clear(&s->clear);
	buf_clear(&s->told);
}

/* ---- the server ---- */

int
server_accept(struct stage *s)
{
	struct pollfd p = { .fd = s->listener, .events = POLLIN };
	int fd, on = 1;

	if (poll(&p, 1, WAIT_MS) != 1 ||
	    (fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC)) == -1)
		return fail(s, "nobody connected");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	peer_open(&s->server, fd);
	return 0;
}

/* Its buffer becomes small, so that deliver soon finds it full. */
void
server_deafen(struct stage *s)
{
	int size = 4096;

	setsockopt(s->server.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	s->server.is_deaf = true;
}

void
server_hear(struct stage *s)
{
	s->server.is_deaf = false;
}

static SSL_CTX *
make_ctx(const char *certificate, const char *version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	int v = 0;

	if (strcmp(version, "1.0") == 0)
		v = TLS1_VERSION;
	else if (strcmp(version, "1.1") == 0)
		v = TLS1_1_VERSION;
	else if (strcmp(version, "1.2") == 0)
		v = TLS1_2_VERSION;
	if (v == TLS1_VERSION || v == TLS1_1_VERSION)
		SSL_CTX_set_security_level(ctx, 0);
	if (v != 0 && (SSL_CTX_set_min_proto_version(ctx, v) != 1 ||
			  SSL_CTX_set_max_proto_version(ctx, v) != 1))
		return NULL;
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, certificate, SSL_FILETYPE_PEM) !=
		1)
		return NULL;
	return ctx;
}

int
server_tls(struct stage *s, const char *certificate, const char *version)
{
	int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
	struct tls_side *t;
	struct pollfd p = { .fd = s->server.fd, .events = POLLIN };
	SSL_CTX *ctx = make_ctx(certificate, version);
	int rc;

	if (ctx == NULL)
		return fail(s, "%s is no certificate", certificate);
	t = xcalloc(1, sizeof(*t));
	t->ctx = ctx;
	t->ssl = SSL_new(t->ctx);
	s->tls = t;
	SSL_set_fd(t->ssl, s->server.fd);
	while ((rc = SSL_accept(t->ssl)) != 1) {
		if (SSL_get_error(t->ssl, rc) != SSL_ERROR_WANT_READ)
			return fail(s, "handshake: %s",
			    ERR_reason_error_string(ERR_get_error()));
		if (poll(&p, 1, clock_poll_timeout(deadline_ms)) != 1)
			return fail(s, "handshake: silence");
	}
	return 0;
}

const char *
server_sni(const struct stage *s)
{
	const char *name =
	    SSL_get_servername(s->tls->ssl, TLSEXT_NAMETYPE_host_name);

	return name == NULL ? "" : name;
}

/*
 * What a script sends at once fits into the socket's buffer.  deliver may hang
 * up in the middle of a flood; what it says of it is what the script judges.
 */
int
server_send(struct stage *s, const char *p, size_t n)
{
	if (s->tls != NULL) {
		if (SSL_write(s->tls->ssl, p, (int)n) == (int)n)
			return 0;
	} else if (send(s->server.fd, p, n, MSG_NOSIGNAL) == (ssize_t)n) {
		return 0;
	} else if (errno == EPIPE || errno == ECONNRESET) {
		return 0;
	}
	return fail(s, "deliver does not take what the server sends");
}

int
server_line(struct stage *s, char *line, size_t size)
{
	int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
	struct buf *in = &s->server.in;
	const char *lf;
	size_t n;

	while ((lf = memchr(buf_data(in), '\n', in->len)) == NULL) {
		if (s->server.ended)
			return fail(
			    s, "deliver closed after \"%s\"", buf_data(in));
		if (pump(s, deadline_ms) == -1)
			return fail(s, "silence");
	}
	n = (size_t)(lf - in->data) + 1;
	if (n < 2 || n > size || lf[-1] != '\r')
		return fail(s, "a line without CR, or too long");
	memcpy(line, in->data, n - 2);
	line[n - 2] = '\0';
	buf_consume(in, n);
	return 0;
}

int
server_octets(struct stage *s, size_t n)
{
	int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
	struct buf *in = &s->server.in;

	while (in->len < n) {
		if (s->server.ended)
			return fail(s, "deliver closed after %zu of %zu octets",
			    in->len, n);
		if (pump(s, deadline_ms) == -1)
			return fail(
			    s, "silence after %zu of %zu octets", in->len, n);
	}
	buf_consume(in, n);
	return 0;
}

int
server_eof(struct stage *s)
{
	int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

	while (!s->server.ended)
		if (pump(s, deadline_ms) == -1)
			return fail(s, "deliver does not close");
	return 0;
}

void
server_close(struct stage *s, bool reset)
{
	struct linger now = { 1, 0 };

	if (s->tls != NULL) {
		if (!reset)
			SSL_shutdown(s->tls->ssl);
		SSL_free(s->tls->ssl);
		SSL_CTX_free(s->tls->ctx);
		free(s->tls);
		s->tls = NULL;
	}
	if (s->server.fd != -1 && reset)
		setsockopt(
		    s->server.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	peer_close(&s->server);
}

/* ---- mailchuted ---- */

int
job_queue(struct stage *s)
{
	job_write(&s->job);
	return 0;
}

int
job_frame(struct stage *s, struct frame *f)
{
	int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
	struct buf *in = &s->job.in;
	ssize_t n;

	buf_consume(in, s->job.used);
	s->job.used = 0;
	while ((n = frame_parse(buf_data(in), in->len, f)) == 0) {
		if (s->job.ended)
			return fail(s, "deliver closed the job channel");
		if (pump(s, deadline_ms) == -1)
			return fail(s, "silence on the job channel");
	}
	if (n == -1)
		return fail(s, "a malformed frame");
	s->job.used = (size_t)n;
	return 0;
}
