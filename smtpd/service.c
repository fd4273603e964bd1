/* SPDX-License-Identifier: ISC */
/* The service of "sendmail -bs": the daemon, or the drop folder. */
#include "config.h"

#include "common/proto_submit.h"
#include "smtpd/service.h"

static int
hand_over(void *arg, struct parcel *p, struct handed *out, struct err *e)
{
	struct route to = site_route(arg);

	return handover(&to, p, out, e);
}

struct service
service_of_site(struct site *site)
{
	const struct conf *c = site->conf;
	const struct service s = {
		.hostname = c->local.hostname,
		.domain = c->local.domain,
		.limit = SIZE_LIMIT_QUEUE(c->queue.message_size_max),
		.rcpts_max = SUBMIT_RCPTS_MAX,
		.patience = &patience_local,
		.drop_directory = c->queue.drop_directory,
		.hand_over = hand_over,
		.arg = site,
	};

	return s;
}
