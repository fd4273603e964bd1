/* SPDX-License-Identifier: ISC */
/*
 * token: one access token, for mailchuted, which starts it with the token
 * channel on TOKEN_FD and the secret channel on TOKEN_SECRET_FD.  It alone sees
 * the secrets that tokens are asked with, and it reads what a remote server
 * says: after step 4 it opens no file and makes no connection, and all that it
 * can still write is the account's refresh token.
 */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/priv.h"
#include "common/sandbox.h"
#include "delivery/token_run.h"
#include "delivery/token_trouble.h"

#define ASK_MS    10000 /* the queue sends its request at once */
#define GRACE_S   5
#define SIGN_IN_S 3600 /* the longest that a device code may live */

/* What a token was in does not stay in memory that is given back. */
static void *
wiping_alloc(size_t n)
{
	size_t *p;

	if (n > SIZE_MAX - sizeof(max_align_t) ||
	    (p = malloc(n + sizeof(max_align_t))) == NULL)
		return NULL;
	*p = n;
	return (char *)p + sizeof(max_align_t);
}

static void
wiping_free(void *p)
{
	char *start;

	if (p == NULL)
		return;
	start = (char *)p - sizeof(max_align_t);
	explicit_bzero(p, *(size_t *)(void *)start);
	free(start);
}

static void
set_up(void)
{
	log_open_fd("token", STDERR_FILENO, LOG_INFO);
	(void)signal(SIGPIPE, SIG_IGN);
	priv_close_from(TOKEN_SECRET_FD + 1); /* 2: these, no others */
	sandbox_hide_memory();                /* 3: root was dropped before */
	json_set_alloc_funcs(wiping_alloc, wiping_free);
	/* Or it would look for chance in a file. */
	json_object_seed(arc4random() | 1);
}

/* Our own log may lead nowhere yet: the queue tells it. */
static void
refuse(struct token_run *r, const struct err *why)
{
	struct err e;

	if (token_put_refused(&r->out, why->text) == 0)
		(void)token_run_flush(r, &e);
}

/* The request; the log goes where it says. */
static int
read_ask(struct token_run *r, struct err *e)
{
	struct frame f;
	int got = frame_recv(&r->reader, &f, clock_mono_ms() + ASK_MS, e);

	if (got == 0)
		return err_set(e, ERR_LOCAL, "4.3.2", "nothing was asked");
	if (got == -1)
		return -1;
	if (token_get_ask(&f, &r->ask, e) == -1) {
		refuse(r, e);
		return -1;
	}
	if (r->ask.log_target == CONF_LOG_SYSLOG)
		(void)log_open(
		    "token", LOG_TO_SYSLOG, NULL, (int)r->ask.log_level);
	else
		log_open_fd("token", STDERR_FILENO, (int)r->ask.log_level);
	tzset();
	return 0;
}

/* A name service that hangs must not keep us: SIGALRM ends the process. */
static void
limit_time(struct token_run *r)
{
	r->deadline_ms = clock_mono_ms() + (int64_t)r->ask.deadline_ms;
	alarm((unsigned)(r->ask.deadline_ms / 1000) + GRACE_S +
	      (r->ask.is_device_code ? SIGN_IN_S : 0));
}

static int
enter_sandbox(struct token_run *r)
{
	struct sandbox_path folder = { r->folder, SANDBOX_WRITE };
	char told[SANDBOX_TOLD_MAX];
	struct err e;

	if (sandbox_enter(SANDBOX_TOKEN, r->ask.sandbox, &folder,
		r->has_store ? 1 : 0, told, &e) == -1)
		return token_run_fail(r, TOKEN_PHASE_SECRET, &e);
	log_event(LOG_DEBUG, "sandbox", "in_force", told, NULL);
	return 0;
}

static int
tell(struct token_run *r, bool is_granted)
{
	struct err e;

	if ((is_granted ? token_put_granted(&r->out, &r->granted)
			: token_put_failed(&r->out, &r->failed)) == 0 &&
	    token_run_flush(r, &e) == 0)
		return EXIT_SUCCESS;
	/* It hung up, which is how it ends us; and it has the token. */
	return EXIT_FAILURE;
}

int
main(void)
{
	struct token_run r;
	bool is_granted;
	struct err e;
	int rc;

	set_up();
	token_run_init(&r, TOKEN_FD, TOKEN_SECRET_FD);
	if (read_ask(&r, &e) == -1)
		fatalx(EX_USAGE, "started by mailchuted only: %s", e.text);
	limit_time(&r);
	is_granted =
	    token_prepare(&r) == 0 && /* 1: what only now can be opened */
	    enter_sandbox(&r) == 0 && /* 4 */
	    token_grant(&r) == 0;     /* 5: only now foreign bytes */
	rc = tell(&r, is_granted);
	token_run_clear(&r);
	return rc;
}
