/* SPDX-License-Identifier: ISC */
/*
 * The daemon first, the drop folder when it does not answer.  The same frames
 * under the same id go to both, so that a message whose acknowledgement was
 * lost is not taken in twice.
 */
#include "config.h"

#include <syslog.h>

#include "sendmail/handover.h"
#include "sendmail/submit.h"

int
handover(const struct route *to, struct parcel *p, const struct report *r,
    struct err *e)
{
	char queue_id[QUEUE_ID_LEN + 1];
	struct err why;

	switch (submit_to(to->socket_path, p, &submit_limits, queue_id, &why)) {
	case SUBMIT_OUT_QUEUED:
		report_progress(r,
		    "queued as %s; mailq shows whether it still waits",
		    queue_id);
		return 0;
	case SUBMIT_OUT_REFUSED:
	case SUBMIT_OUT_FAILED:
		*e = why;
		return -1;
	case SUBMIT_OUT_UNANSWERED:
		break;
	}
	if (parcel_rewind(p, e) == -1)
		return err_prefix(e,
		    "the message was not queued, try again: %s, and "
		    "the message is too large to be kept in memory",
		    why.text);
	if (drop_write(&to->drop, p, e) == -1)
		return err_prefix(
		    e, "the message was not queued: %s", why.text);
	report_progress(r,
	    "no mailchuted answers: the message lies in %s until one runs",
	    to->drop.folder);
	report_note(r, LOG_NOTICE,
	    "%s; the message lies in %s until mailchuted runs", why.text,
	    to->drop.folder);
	return 0;
}
