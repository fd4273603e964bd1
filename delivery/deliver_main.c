/* SPDX-License-Identifier: ISC */
/*
 * deliver: one connection to one server, for mailchuted, which starts it with
 * the job channel on JOB_FD and the secret channel on SECRET_FD.  It reads what
 * a remote server says, so it has no database, and after step 4 no files, no
 * sockets but those it holds, and no way to start anything.
 */
#include "config.h"

#include <sys/socket.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/priv.h"
#include "common/sandbox.h"
#include "mail/verdict.h"
#include "delivery/channel.h"
#include "delivery/conn.h"
#include "delivery/probe.h"
#include "delivery/resolve.h"
#include "delivery/session.h"
#include "delivery/tls.h"
#include "delivery/tls_trial.h"
#include "delivery/trust.h"

/* What is opened before the sandbox and used in it. */
struct deliver {
	struct channel channel;
	struct job_session job;
	struct trust trust;
	struct tls_policy *policy;
	struct session session;
};

/* TICKET stays unread in the channel until there is a policy to take it. */
static int
take_ticket(struct deliver *d, struct err *e)
{
	struct frame f;

	if (!d->job.has_ticket)
		return 0;
	if (channel_next(&d->channel, &f, e) == -1)
		return -1;
	if (f.type != JOB_TICKET)
		return err_set(e, ERR_LOCAL, "4.3.5",
		    "job channel: frame %u instead of a ticket", f.type);
	if (d->policy != NULL)
		tls_policy_resume(d->policy, f.payload, f.len);
	return 0;
}

/* Our own log may lead nowhere yet: the queue tells it. */
static void
refuse(struct channel *ch, const struct err *why)
{
	struct err e;

	if (job_put_refused(&ch->out, why->text) == 0)
		(void)channel_flush(ch, &e);
}

/* The job; the log goes where it says. */
static int
read_job(struct deliver *d, struct err *e)
{
	struct frame f;

	channel_init(&d->channel, JOB_FD);
	if (channel_next(&d->channel, &f, e) == -1)
		return -1;
	if (job_get_session(&f, &d->job, e) == -1) {
		refuse(&d->channel, e);
		return -1;
	}
	if (d->job.log_target == CONF_LOG_SYSLOG)
		(void)log_open(
		    "deliver", LOG_TO_SYSLOG, NULL, (int)d->job.log_level);
	else
		log_open_fd("deliver", STDERR_FILENO, (int)d->job.log_level);
	tzset();
	return 0;
}

/* A connected socket, and the certificates. */
static int
open_all(struct deliver *d, struct err *e)
{
	struct session *s = &d->session;
	struct host host;
	int fd;

	s->job = &d->job;
	s->channel = &d->channel;
	fd = resolve_connect(
	    &d->job, JOB_FD, &host, &s->ready, &s->is_loopback, e);
	if (fd == -1)
		return -1;
	s->conn = conn_new(fd, JOB_FD, host.name);
	if (d->job.tls == TLS_NONE)
		return take_ticket(d, e);
	if (trust_find(&d->trust, d->job.ca_file,
		sandbox_keeps_paths(d->job.sandbox), CA_PATH, CA_BUNDLE,
		e) == -1)
		return -1;
	d->policy = tls_policy_new(d->job.tls_min, &d->trust, e);
	s->policy = d->policy;
	return d->policy == NULL ? -1 : take_ticket(d, e);
}

/* Only the folders of the certificates stay readable. */
static int
enter_sandbox(const struct deliver *d, struct err *e)
{
	const struct strlist *places = &d->trust.places;
	struct sandbox_path *paths;
	char told[SANDBOX_TOLD_MAX];
	size_t i;
	int rc;

	paths = calloc(places->n + 1, sizeof(*paths));
	if (paths == NULL)
		return err_set(e, ERR_LOCAL, "4.3.0", "out of memory");
	for (i = 0; i < places->n; i++) {
		paths[i].path = places->v[i];
		paths[i].rights = SANDBOX_READ;
	}
	rc = sandbox_enter(
	    SANDBOX_DELIVER, d->job.sandbox, paths, places->n, told, e);
	free(paths);
	if (rc == 0)
		log_event(LOG_DEBUG, "sandbox", "in_force", told, NULL);
	return rc;
}

static void
set_rules(struct deliver *d)
{
	struct rewrite_rules *r = &d->session.rules;

	r->user = d->job.user;
	r->senders = &d->job.senders;
	r->mode = d->job.rewrite;
	r->original_from = d->job.original_from;
	r->null_sender_ok = d->job.provider == PROVIDER_SMTP;
	r->local_names = &d->job.local_names;
	r->hostname = d->job.hostname;
	r->domain = d->job.domain;
}

/* Tells the queue why there is no session. */
static int
tell_failed(struct deliver *d, const struct job_result *why)
{
	struct err e;

	if (job_put_failed(&d->channel.out, why, &d->session.ready) == 0 &&
	    channel_flush(&d->channel, &e) == 0)
		return EXIT_SUCCESS;
	log_event(LOG_ERR, "deliver", "error", e.text, NULL);
	return EXIT_FAILURE;
}

static int
run(struct deliver *d)
{
	struct job_result why;
	struct err e;

	set_rules(d);
	if (session_open(&d->session, &why) == -1)
		return tell_failed(d, &why);
	if (d->job.is_probe)
		probe_run(&d->session);
	if (session_serve(&d->session, &e) == 0)
		return EXIT_SUCCESS;
	log_event(LOG_WARNING, "deliver", "account", d->job.account, "error",
	    e.text, NULL);
	d->session.is_broken = true;
	return EXIT_FAILURE;
}

static void
clean_up(struct deliver *d)
{
	session_close(&d->session);
	tls_policy_free(d->policy);
	trust_clear(&d->trust);
	job_session_clear(&d->job);
	channel_clear(&d->channel);
}

/* What to look at when a host cannot be reached, or could not be tried. */
static const char *
advice(const char *status)
{
	if (strcmp(status, RESOLVE_NO_NAME) == 0)
		return "Check account.host, account.family, and the name "
		       "service.";
	if (strcmp(status, RESOLVE_NO_ANSWER) == 0)
		return "Check the network and the name service "
		       "(/etc/resolv.conf).";
	if (strncmp(status, "4.3.", 4) == 0) /* RFC 3463: this system */
		return "Check this host: its disk, its memory, and its limit "
		       "of open files.";
	return "Check the network, account.port, and that the firewall lets "
	       "this host's connections out.";
}

/* Asked before there is anything to send: what would the system allow? */
static int
try_tls(struct deliver *d)
{
	struct job_result why = { .outcome = JOB_UNTRIED,
		.scope = JOB_SCOPE_CONNECTION };
	struct err e;

	d->session.is_broken = true;
	if (tls_trial(TLS_TRIAL_POLICY, &e) == -1) {
		verdict_error(PHASE_HANDSHAKE, &e, &why);
		why.outcome = JOB_REJECTED;
	}
	return tell_failed(d, &why);
}

/*
 * Trouble before the dialogue began.  What only an administrator can mend holds
 * the account; a host that cannot be reached is tried again.
 */
static int
give_up(struct deliver *d, const struct err *e)
{
	struct job_result why;

	verdict_error(PHASE_CONNECT, e, &why);
	if (e->class == ERR_LOCAL) {
		why.outcome = JOB_REJECTED;
		why.scope = JOB_SCOPE_ACCOUNT;
		strlcpy(why.meaning,
		    "What a connection needs on this host is not there, and "
		    "no server was asked.",
		    sizeof(why.meaning));
		strlcpy(why.fix,
		    "Mend what the text names, then run \"mailchute retry "
		    "ALL\".",
		    sizeof(why.fix));
	} else {
		strlcpy(why.fix, advice(e->status), sizeof(why.fix));
	}
	d->session.is_broken = true;
	return tell_failed(d, &why);
}

int
main(void)
{
	struct deliver d;
	struct err e;
	int rc;

	memset(&d, 0, sizeof(d));
	log_open_fd("deliver", STDERR_FILENO, LOG_INFO);
	(void)signal(SIGPIPE, SIG_IGN);
	priv_close_from(SECRET_FD + 1); /* 2: these descriptors, no others */
	sandbox_hide_memory();          /* 3: root was dropped before exec */
	if (read_job(&d, &e) == -1)
		fatalx(EX_USAGE, "started by mailchuted only: %s", e.text);
	if (d.job.is_trial)
		rc = try_tls(&d);
	else if (open_all(&d, &e) == -1 || /* 1: what only now can be opened */
		 enter_sandbox(&d, &e) == -1) /* 4 */
		rc = give_up(&d, &e);
	else
		rc = run(&d); /* 5: only now foreign bytes */
	clean_up(&d);
	return rc;
}
