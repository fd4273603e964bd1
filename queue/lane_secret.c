/* SPDX-License-Identifier: ISC */
/*
 * The secret that was refused: what its file looked like then.  A held account
 * whose secret was replaced gets one attempt, and no second one for the same
 * file, whatever is restarted in between: so it is a fact in the store.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/lane_priv.h"
#include "queue/secret.h"
#include "queue/store.h"

#define NAME "secret %s"

/* What stands for the file as it is; a missing one is changed when it comes. */
static int
stamp_now(struct lane *l, char text[LANE_STAMP_MAX])
{
	struct ask_stamp st;
	struct err e;

	if (ask_stamp(l->parts.ask, l->account.index, &st, &e) == -1) {
		strlcpy(text, "none", LANE_STAMP_MAX);
		return -1;
	}
	snprintf(text, LANE_STAMP_MAX,
	    "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64, st.device, st.inode,
	    st.size, st.changed_ns);
	return 0;
}

void
lane_note_secret(struct lane *l)
{
	l->has_stamp = secret_is_file(l->account.conf);
	if (l->has_stamp)
		(void)stamp_now(l, l->stamp);
	l->is_stamp_news = l->has_stamp;
}

int
lane_save_secret(struct lane *l, struct err *e)
{
	char *name;
	int rc;

	if (!l->is_stamp_news)
		return 0;
	name = xasprintf(NAME, l->account.conf->name);
	rc = store_fact_put(l->parts.store, name, l->stamp, e);
	free(name);
	if (rc == 0)
		l->is_stamp_news = false;
	return rc;
}

int
lane_load_secret(struct lane *l, struct err *e)
{
	char *name, *value;
	int found;

	if (l->account.known.state != ACCOUNT_HELD ||
	    !secret_is_file(l->account.conf))
		return 0;
	name = xasprintf(NAME, l->account.conf->name);
	found = store_fact_get(l->parts.store, name, &value, e);
	free(name);
	if (found != 1)
		return found;
	l->has_stamp = true;
	strlcpy(l->stamp, value, sizeof(l->stamp));
	free(value);
	return 0;
}

void
lane_look_at_secret(struct lane *l, int64_t now)
{
	char text[LANE_STAMP_MAX];

	if (l->account.known.state != ACCOUNT_HELD || !l->has_stamp ||
	    stamp_now(l, text) == -1 || strcmp(text, l->stamp) == 0)
		return;
	strlcpy(l->stamp, text, sizeof(l->stamp));
	lane_token_allow(l, now);
	if (account_allow_probe(&l->account, now))
		log_event(LOG_NOTICE, "secret-changed", "account",
		    l->account.conf->name, NULL);
}
