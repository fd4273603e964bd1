/* SPDX-License-Identifier: ISC */
/*
 * The checker has the hashes, and one password, and tells nobody but the
 * parent what became of it.  An unknown login is compared with a hash, too: of
 * the file's first login, so that the method is that of the others.
 */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/passhash.h"
#include "common/proto_check.h"
#include "common/sandbox.h"
#include "common/users.h"
#include "common/xalloc.h"
#include "smtpd/checker.h"

#define LOGIN_MS 3000 /* smtpd has it already when it asks */

/* One record, whole, into room for CHECK_MAX; -1: none came. */
static ssize_t
read_record(int fd, char *p, struct frame *f)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int64_t until = clock_mono_ms() + LOGIN_MS;
	ssize_t n;
	int rc;

	do
		rc = poll(&wait, 1, clock_poll_timeout(until));
	while (rc == -1 && errno == EINTR);
	if (rc <= 0)
		return -1;
	n = recv(fd, p, CHECK_MAX, MSG_DONTWAIT | MSG_TRUNC);
	if (n <= 0 || n > CHECK_MAX || frame_parse(p, (size_t)n, f) != n)
		return -1;
	return n;
}

static int
read_setup(struct check_setup *s, struct err *e)
{
	char p[CHECK_MAX];
	struct frame f;

	if (read_record(CHECK_PARENT_FD, p, &f) == -1)
		return err_set(e, ERR_LOCAL, "4.3.5",
		    "smtpd -a is started by mailchuted alone");
	return check_get_setup(&f, s, e);
}

static int
read_login(struct check_login *l, struct err *e)
{
	char p[CHECK_MAX];
	struct frame f;
	int rc = -1;

	if (read_record(CHECK_FD, p, &f) != -1)
		rc = check_get_login(&f, l, e);
	explicit_bzero(p, sizeof(p));
	return rc;
}

static void
open_log(const struct check_setup *s)
{
	if (s->log_target == CONF_LOG_SYSLOG)
		(void)log_open("smtpd", LOG_TO_SYSLOG, NULL, (int)s->log_level);
	else
		log_open_fd("smtpd", STDERR_FILENO, (int)s->log_level);
}

/* ---- the file ---- */

/* The whole file into b; -1 with *e filled. */
static int
read_file(struct buf *b, struct err *e)
{
	char *to;
	ssize_t n;

	buf_init(b, USERS_FILE_MAX + 1);
	while ((to = buf_reserve(b, 1)) != NULL) {
		n = pread(
		    CHECK_USERS_FD, to, b->cap - 1 - b->len, (off_t)b->len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_errno(
			    e, ERR_LOCAL, "5.3.5", "it cannot be read");
		if (n == 0)
			return 0;
		buf_grew(b, (size_t)n);
	}
	return err_set(e, ERR_LOCAL, "5.3.5", "it is larger than %d octets",
	    USERS_FILE_MAX);
}

static char *
part_text(const struct users_part *part)
{
	return part->p == NULL ? NULL : xstrndup(part->p, part->n);
}

/* ---- one password ---- */

/* With the hash of that entry, or of nobody. */
static int
compare(const struct users_entry *entry, const char *password, bool *is_right,
    struct err *e)
{
	char *hash = entry == NULL ? xstrdup(passhash_nobody())
				   : xstrndup(entry->hash.p, entry->hash.n);
	int rc = passhash_check(password, hash, is_right, e);

	explicit_bzero(hash, strlen(hash));
	free(hash);
	return rc;
}

static int
judge(const struct users *u, const struct check_login *l,
    struct check_outcome *out, struct err *e)
{
	const struct users_entry *found =
	    users_find(u, l->login, strlen(l->login));
	const struct users_entry *like =
	    found != NULL || u->n == 0 ? found : &u->v[0];
	bool is_right;

	out->line = found == NULL ? 0 : found->line;
	if (compare(like, l->password, &is_right, e) == -1)
		return found == NULL ? 0 : -1;
	if (found == NULL)
		return 0;
	out->login = part_text(&found->login);
	if (!is_right)
		return 0;
	out->senders = part_text(&found->senders);
	out->result = CHECK_RIGHT;
	return 0;
}

static void
check(const struct check_login *l, struct check_outcome *out)
{
	struct users u = { NULL, 0 };
	struct buf text;
	struct err e;

	memset(out, 0, sizeof(*out));
	out->result = CHECK_WRONG;
	if (read_file(&text, &e) == -1 ||
	    users_parse(&u, buf_data(&text), text.len, &out->line, &e) == -1 ||
	    judge(&u, l, out, &e) == -1) {
		out->result = CHECK_UNABLE;
		out->why = xstrdup(e.text);
	} else
		out->line = 0;
	users_clear(&u);
	buf_wipe(&text);
}

static int
tell(const struct check_outcome *out)
{
	struct buf b;
	int rc = EX_SOFTWARE;

	buf_init(&b, CHECK_MAX);
	if (check_put_outcome(&b, out) == 0 &&
	    send(CHECK_PARENT_FD, b.data, b.len, MSG_NOSIGNAL) ==
		(ssize_t)b.len)
		rc = EX_OK;
	buf_clear(&b);
	return rc;
}

int
checker_run(void)
{
	struct check_setup s;
	struct check_login l;
	struct check_outcome out;
	char told[SANDBOX_TOLD_MAX];
	struct err e;
	int status;

	if (read_setup(&s, &e) == -1) {
		log_text(LOG_ERR, "smtpd", "%s", e.text);
		return EX_USAGE;
	}
	open_log(&s);
	if (sandbox_enter(SANDBOX_DELIVER, s.sandbox, NULL, 0, told, &e) ==
	    -1) {
		log_text(LOG_ERR, "smtpd", "%s", e.text);
		return EX_CONFIG;
	}
	log_event(
	    LOG_DEBUG, "sandbox", "process", "checker", "in_force", told, NULL);
	/* A client that is gone meanwhile has said nothing. */
	if (read_login(&l, &e) == -1)
		return EX_OK;
	check(&l, &out);
	check_login_clear(&l);
	status = tell(&out);
	check_outcome_clear(&out);
	return status;
}
