/* SPDX-License-Identifier: ISC */
/*
 * A certificate and its key on trial.  mailchuted's parent links no OpenSSL,
 * and nobody else can tell whether they will do but the code that uses them.
 */
#include "config.h"

#include <sys/socket.h>

#include <string.h>
#include <sysexits.h>
#include <syslog.h>

#include "common/log.h"
#include "common/sandbox.h"
#include "smtpd/judge.h"
#include "smtpd/setup.h"
#include "smtpd/tls.h"

static void
judge(const struct listen_setup *s, const struct pair *p, struct pair_judged *j)
{
	struct tls_rules *r;
	struct err e;

	memset(j, 0, sizeof(*j));
	if ((r = tls_rules_new(s->tls_min, p, &e)) == NULL)
		strlcpy(j->text, e.text, sizeof(j->text));
	else
		tls_rules_judge(r, j);
	tls_rules_free(r);
}

static int
answer(const struct pair_judged *j)
{
	struct buf b;
	int rc;

	buf_init(&b, PAIR_JUDGED_MAX);
	rc = pair_judged_put(&b, j) == 0 && send(LISTEN_FD, b.data, b.len,
						MSG_NOSIGNAL) == (ssize_t)b.len
		 ? EX_OK
		 : EX_IOERR;
	buf_clear(&b);
	return rc;
}

int
judge_run(void)
{
	struct listen_setup s;
	struct pair_judged j;
	struct pair p;
	struct err e;
	int status;

	sandbox_hide_memory();
	if (setup_read(&s, &p, &e) == -1) {
		log_text(LOG_ERR, "smtpd", "%s", e.text);
		return EX_USAGE;
	}
	judge(&s, &p, &j);
	pair_wipe(&p);
	status = answer(&j);
	listen_setup_clear(&s);
	return status;
}
