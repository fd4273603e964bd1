/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_SERVICE_H
#define SMTPD_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/handover.h"
#include "common/parcel.h"
#include "common/proto_words.h"
#include "common/size_limit.h"
#include "common/site.h"
#include "smtpd/auth.h"
#include "smtpd/reply.h"
#include "smtpd/session.h"
#include "mail/rewrite.h"
#include "smtpd/conn.h"
#include "smtpd/patience.h"

/*
 * What a client is served with: by "sendmail -bs", who is trusted with what a
 * local program may do, or by a listener, where strangers knock.
 */
struct service {
	const char *hostname, *domain; /* ours */
	const char *client;            /* its address, or NULL */
	struct size_limit limit;       /* of a message */
	unsigned rcpts_max;            /* of a message */
	const struct patience *patience;
	bool is_public; /* of strangers: nobody speaks before the greeting, or
			 * goes on for ever without a message */
	bool refuses_bare;         /* a lone CR or LF in a message */
	struct dialogue *dialogue; /* what is said is logged; or NULL */
	/* The sender that all mail is given, by these rules; or NULL. */
	const struct rewrite_rules *forced;
	/* A reply of 400 or more, before it leaves; NULL: nobody asks. */
	void (*refused)(void *arg, struct reply *r);
	/* What is said of the client; NULL: nobody asks.  The session fills it.
	 */
	struct client_words *words;
	enum session_tls tls; /* how it begins */
	/*
	 * The handshake: *io then leads through it.  -1 with *e filled, and
	 * nothing more can be said.
	 */
	int (*start_tls)(void *arg, struct io *io, struct err *e);
	const char *drop_directory; /* where mail lies without mailchuted, or
				     * NULL */

	enum listen_auth auth;
	bool auth_in_clear; /* AUTH without TLS, too */

	/* Is that the password?  *e says why not now.  NULL with auth off. */
	enum sign_in_result (*sign_in)(
	    void *arg, const char *login, const char *password, struct err *e);

	/* Makes a message safe, or says why not, as common/handover.h does. */
	int (*hand_over)(
	    void *arg, struct parcel *p, struct handed *out, struct err *e);

	/* Nothing can be asked of mailchuted any more; NULL: it can. */
	bool (*is_over)(void *arg);
	void *arg;
};

/* That of "sendmail -bs" on this host; the site outlives it. */
struct service service_of_site(struct site *site);

#endif
