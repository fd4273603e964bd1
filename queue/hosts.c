/* SPDX-License-Identifier: ISC */
/* The hosts of an account: which one is next.  No I/O, no clock. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "queue/hosts.h"
#include "queue/schedule.h"

struct hosts_one {
	unsigned failures; /* since it last judged a message */
	int64_t next_at;   /* not before; 0: at any time */
	char *text;        /* what it said; NULL: nothing of its own */
};

void
hosts_init(struct hosts *h, size_t n)
{
	h->n = n;
	h->v = xcalloc(n == 0 ? 1 : n, sizeof(*h->v));
}

void
hosts_clear(struct hosts *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		free(h->v[i].text);
	free(h->v);
	memset(h, 0, sizeof(*h));
}

size_t
hosts_first(const struct hosts *h, int64_t now)
{
	size_t i, best = 0;

	for (i = 0; i < h->n; i++) {
		if (h->v[i].next_at <= now)
			return i;
		if (h->v[i].next_at < h->v[best].next_at)
			best = i;
	}
	return best;
}

bool
hosts_failed(struct hosts *h, size_t i, const struct hosts_failure *f)
{
	struct hosts_one *o;
	int64_t delay;

	if (i >= h->n || h->v[i].next_at > f->now)
		return false;
	o = &h->v[i];
	o->failures++;
	delay = schedule_backoff(f->min_s, f->max_s, o->failures, f->rnd);
	o->next_at = f->now + (delay < f->wait_s ? f->wait_s : delay);
	free(o->text);
	o->text = f->text[0] == '\0' ? NULL : xstrdup(f->text);
	return true;
}

bool
hosts_waits(const struct hosts *h, size_t i, int64_t now)
{
	return i < h->n && h->v[i].next_at > now;
}

void
hosts_succeeded(struct hosts *h, size_t i)
{
	if (i >= h->n)
		return;
	free(h->v[i].text);
	memset(&h->v[i], 0, sizeof(h->v[i]));
}

void
hosts_forget(struct hosts *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		hosts_succeeded(h, i);
}

bool
hosts_all_failing(const struct hosts *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->v[i].failures == 0)
			return false;
	return true;
}

void
hosts_tell(const struct hosts *h, char out[ERR_TEXT_MAX])
{
	size_t i;

	out[0] = '\0';
	for (i = 0; i < h->n; i++) {
		if (h->v[i].text == NULL)
			continue;
		if (out[0] != '\0')
			strlcat(out, "; ", ERR_TEXT_MAX);
		strlcat(out, h->v[i].text, ERR_TEXT_MAX);
	}
}

void
hosts_move_times(struct hosts *h, int64_t by_s)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->v[i].next_at > 0)
			h->v[i].next_at += by_s;
}
