/* SPDX-License-Identifier: ISC */
/* From the parent's table to the store's, one transaction a time. */
#include "config.h"

#include <stdlib.h>
#include <syslog.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/ask.h"
#include "queue/batch.h"
#include "queue/device_store.h"
#include "queue/devices.h"

struct devices {
	struct store *store;
	struct batch *batch;
	struct ask *ask;
};

/* What was taken from the parent, on its way to the store. */
struct errand {
	struct devices *devices;
	struct knock *v;
	size_t n;
	devices_done *done;
	void *arg;
};

struct devices *
devices_new(struct store *s, struct batch *b, struct ask *ask)
{
	struct devices *d = xcalloc(1, sizeof(*d));

	d->store = s;
	d->batch = b;
	d->ask = ask;
	return d;
}

void
devices_free(struct devices *d)
{
	free(d);
}

static int
work(void *arg, struct err *e)
{
	const struct errand *x = arg;
	size_t i;

	for (i = 0; i < x->n; i++) {
		const struct client_trouble *t = &x->v[i].trouble;
		const struct device d = {
			.listener = x->v[i].listener,
			.client = x->v[i].client,
			.login = x->v[i].login,
			.name = t->words.helo,
			.tls = t->words.tls_version,
			.cipher = t->words.tls_cipher,
			.failures = t->count,
			.error_at = x->v[i].at,
			.error = t->text,
		};

		if (device_failed(x->devices->store, &d, e) == -1)
			return -1;
	}
	return 0;
}

static void
done(void *arg, const struct err *failed)
{
	struct errand *x = arg;

	if (failed != NULL)
		log_event(LOG_WARNING, "devices", "text", failed->text, NULL);
	if (x->done != NULL)
		x->done(x->arg);
	free(x->v);
	free(x);
}

void
devices_collect(struct devices *d, devices_done *f, void *arg)
{
	struct errand *x = xcalloc(1, sizeof(*x));
	struct err e;
	int more = 1;

	x->devices = d;
	x->done = f;
	x->arg = arg;
	x->v = xcalloc(KNOCKS_MAX, sizeof(*x->v));
	while (x->n < KNOCKS_MAX &&
	       (more = ask_knock(d->ask, &x->v[x->n], &e)) == 1)
		x->n++;
	if (more == -1)
		log_event(LOG_WARNING, "devices", "text", e.text, NULL);
	if (x->n == 0 && f == NULL) {
		free(x->v);
		free(x);
		return;
	}
	batch_join(d->batch, x->n * sizeof(*x->v), work, done, x);
}
