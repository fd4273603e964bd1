/* SPDX-License-Identifier: ISC */
/* The contract between the parent and a listener's smtpd, by one table. */
#include "config.h"

#include <string.h>
#include <syslog.h>

#include "common/fieldmap.h"
#include "common/proto_listen.h"
#include "common/proto_submit.h"

/* clang-format off */
#define STR FIELDMAP_STRING
#define NUM FIELDMAP_NUMBER
#define LST FIELDMAP_LIST

#define TAG_VERSION 1

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct fieldmap_item items[] = {
	STR(2, listen_setup, listener, true),
	STR(3, listen_setup, client, true),
	STR(4, listen_setup, hostname, true),
	STR(5, listen_setup, domain, true),
	NUM(6, listen_setup, size_max, 0, UINT64_MAX),
	NUM(7, listen_setup, rcpts_max, 1, SUBMIT_RCPTS_MAX),
	NUM(8, listen_setup, bare_newline, 0, BARE_NEWLINE_REFUSE),
	NUM(9, listen_setup, sandbox, 0, SANDBOX_OFF),
	NUM(10, listen_setup, log_target, 0, CONF_LOG_FILE),
	NUM(11, listen_setup, log_level, 0, LOG_DEBUG),
	NUM(12, listen_setup, tls, 0, LISTEN_TLS_IMPLICIT),
	NUM(13, listen_setup, tls_min, 10, 13),
	NUM(14, listen_setup, has_pair, 0, 1),
	NUM(20, listen_setup, auth, 0, LISTEN_AUTH_REQUIRED),
	NUM(21, listen_setup, auth_in_clear, 0, 1),
	NUM(40, listen_setup, is_crowded, 0, 1),
	STR(30, listen_setup, from, false),
	LST(31, listen_setup, local_names),
	NUM(32, listen_setup, log_dialogue, 0, 1),
};
/* clang-format on */

int
listen_put_setup(struct buf *b, const struct listen_setup *s)
{
	ssize_t start = frame_begin(b, LISTEN_SETUP);

	if (start == -1 ||
	    field_put_u64(b, TAG_VERSION, LISTEN_VERSION) == -1 ||
	    fieldmap_put(b, items, COUNT(items), s) == -1)
		return -1;
	return frame_end(b, start);
}

int
listen_get_setup(const struct frame *f, struct listen_setup *s, struct err *e)
{
	static const struct fieldmap_item version_item = { TAG_VERSION,
		FIELD_NUMBER, 0, sizeof(uint64_t), LISTEN_VERSION,
		LISTEN_VERSION, true };
	uint64_t version;
	struct fieldmap t[2] = {
		{ &version_item, 1, &version, 0 },
		{ items, COUNT(items), s, 0 },
	};

	memset(s, 0, sizeof(*s));
	if (f->type != LISTEN_SETUP)
		return fieldmap_malformed(e, "no setup", 0);
	if (fieldmap_get(f, t, 2, e) == 0)
		return 0;
	listen_setup_clear(s);
	return -1;
}

void
listen_setup_clear(struct listen_setup *s)
{
	fieldmap_clear(items, COUNT(items), s);
}
