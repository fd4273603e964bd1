/* SPDX-License-Identifier: ISC */
/*
 * Metrics: what status tells, and the figures that a curve is drawn of.  Depths
 * of the whole queue are for anyone, as its totals are; the rest is nobody's
 * business but of those who may see everything.
 */
#include "config.h"

#include <sys/statvfs.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/xalloc.h"
#include "queue/account.h"
#include "queue/control_priv.h"
#include "queue/dispatch.h"
#include "queue/dropaway.h"
#include "queue/figures.h"

#define NAMES 4096 /* of the drop folder, before others have their turn */

struct metrics {
	DIR *walk; /* where it is in the drop folder; NULL: not there */
	bool has_figures;
	struct ctl_host host;
};

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	if (m->walk != NULL)
		closedir(m->walk);
	free(m);
}

/* ---- the host ---- */

/* As queue.free_space_min sees it: without root's reserve. */
static void
measure(const char *folder, uint64_t *size, uint64_t *available)
{
	struct statvfs v;

	if (statvfs(folder, &v) == -1)
		return;
	*size = (uint64_t)v.f_blocks * v.f_frsize;
	*available = (uint64_t)v.f_bavail * v.f_frsize;
}

static struct metrics *
begin(struct client *c)
{
	const struct conf_queue *q = &c->parts->conf->queue;
	struct metrics *m = xcalloc(1, sizeof(*m));
	struct ctl_host *h = &m->host;

	if (c->may_all) {
		measure(q->directory, &h->queue_size, &h->queue_free);
		measure(q->drop_directory, &h->drop_size, &h->drop_free);
		h->free_min = q->free_space_min;
		if (c->parts->is_daemon)
			h->started_at = store_opened_at(c->parts->store);
		m->walk = opendir(q->drop_directory);
		h->has_drops = m->walk != NULL;
	}
	return m;
}

/* What the daemon looks at; things that are no files it leaves, and names. */
static void
count_name(struct ctl_host *h, const struct dirent *de)
{
	if (de->d_name[0] == '.' ||
	    (de->d_type != DT_REG && de->d_type != DT_UNKNOWN))
		return;
	if (strncmp(de->d_name, DROPAWAY_ASIDE, strlen(DROPAWAY_ASIDE)) == 0)
		h->drops_aside++;
	else
		h->drops_waiting++;
}

/* In turns: anyone may fill that folder. */
static bool
is_walking(struct metrics *m)
{
	const struct dirent *de;
	size_t n;

	if (m->walk == NULL)
		return false;
	for (n = 0; n < NAMES; n++) {
		if ((de = readdir(m->walk)) == NULL) {
			closedir(m->walk);
			m->walk = NULL;
			return false;
		}
		count_name(&m->host, de);
	}
	return true;
}

/* ---- the queue ---- */

static int
put_depth(
    struct client *c, const char *stored, const char *shown, struct err *e)
{
	static const enum rcpt_state states[] = { RCPT_QUEUED, RCPT_ACTIVE,
		RCPT_UNCERTAIN, RCPT_HELD };
	struct store_depth d;
	size_t i;

	if (store_depth(c->parts->store, stored, &d, e) == -1)
		return -1;
	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		const struct ctl_depth out = {
			.account = (char *)(uintptr_t)shown,
			.state = (char *)(uintptr_t)rcpt_state_name(states[i]),
			.messages = d.messages[states[i]],
			.octets = d.octets[states[i]],
		};

		ctl_put_depth(&c->out, &out);
	}
	return 0;
}

static void
put_ledger(struct client *c, const struct dispatch_view *v)
{
	struct ctl_ledger out = {
		.account = (char *)(uintptr_t)account_shown_name(v->conf),
	};
	struct store_tally t;

	if (c->parts->is_daemon) {
		store_tally(c->parts->store, v->conf->name, &t);
		out.delivered = t.n[RESULT_DELIVERED];
		out.deferred = t.n[RESULT_DEFERRED];
		out.uncertain = t.n[RESULT_UNCERTAIN];
		out.bounced = t.n[RESULT_BOUNCED];
		out.expired = t.n[RESULT_EXPIRED];
		out.removed = t.n[RESULT_REMOVED];
	}
	ctl_put_ledger(&c->out, &out);
}

static int
put_figures(struct client *c, struct err *e)
{
	struct dispatch_view v;
	size_t i;

	if (put_depth(c, NULL, NULL, e) == -1)
		return -1;
	if (!c->may_all)
		return 0;
	for (i = 0; i < dispatch_accounts(c->parts->dispatch); i++) {
		dispatch_view(c->parts->dispatch, i, &v);
		if (put_depth(c, v.conf->name, account_shown_name(v.conf), e) ==
		    -1)
			return -1;
		put_ledger(c, &v);
	}
	ctl_put_host(&c->out, &c->metrics->host);
	return 0;
}

void
source_metrics(struct client *c)
{
	struct err e;

	if (c->metrics == NULL)
		c->metrics = begin(c);
	if (is_walking(c->metrics))
		return;
	if (!c->metrics->has_figures) {
		c->metrics->has_figures = true;
		if (put_figures(c, &e) == -1) {
			client_done(c, EX_TEMPFAIL, "%s", e.text);
			return;
		}
	}
	source_status(c);
}
