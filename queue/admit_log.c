/* SPDX-License-Identifier: ISC */
/* What the log hears of a message that was admitted. */
#include "config.h"

#include <syslog.h>

#include "common/log.h"
#include "queue/admit_priv.h"
#include "queue/expand.h"
#include "queue/flood.h"
#include "queue/times.h"

void
admit_log_queued(const struct admission *m)
{
	char id[QUEUE_ID_TEXT];
	struct buf b;

	queue_id_format(m->row.id, id);
	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, "queued");
	log_str(&b, "id", id);
	log_num(&b, "uid", (int64_t)m->caller.uid);
	origin_log(m->caller.origin, &b);
	log_str(&b, "sender", m->row.sender);
	log_num(&b, "rcpts", (int64_t)m->targets->n);
	log_num(&b, "size", (int64_t)(m->traced + m->size));
	log_str(&b, "account", m->row.account);
	log_str(&b, "message_id", m->row.message_id);
	log_end(&b, LOG_INFO);
	buf_clear(&b);
}

void
admit_watch_rate(const struct admission *m)
{
	const struct admit *a = m->admit;
	const struct rate *r = &a->parts.conf->queue.uid_rate;
	struct buf b;

	if (!flood_note(a->flood, admission_who(m), times_now(a->parts.times)))
		return;
	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, "flood");
	log_num(&b, "uid", (int64_t)m->caller.uid);
	origin_log(m->caller.origin, &b);
	log_num(&b, "messages", (int64_t)r->count + 1);
	log_num(&b, "within_s", r->per_s);
	log_end(&b, LOG_WARNING);
	buf_clear(&b);
}
