/* SPDX-License-Identifier: ISC */
/*
 * The daemon first, the drop folder when it does not answer.  The same frames
 * under the same id go to both, so that a message whose acknowledgement was
 * lost is not taken in twice.
 */
#include "config.h"

#include "common/handover.h"
#include "common/submit.h"

int
handover(
    const struct route *to, struct parcel *p, struct handed *out, struct err *e)
{
	err_clear(&out->why);
	switch (submit_to(
	    to->socket_path, p, &submit_limits, out->queue_id, &out->why)) {
	case SUBMIT_OUT_QUEUED:
		return 0;
	case SUBMIT_OUT_REFUSED:
	case SUBMIT_OUT_FAILED:
		*e = out->why;
		return -1;
	case SUBMIT_OUT_UNANSWERED:
		break;
	}
	if (parcel_rewind(p, e) == -1)
		return err_prefix(e,
		    "the message was not queued, try again: %s, and "
		    "the message is too large to be kept in memory",
		    out->why.text);
	if (drop_write(&to->drop, p, e) == -1)
		return err_prefix(
		    e, "the message was not queued: %s", out->why.text);
	out->queue_id[0] = '\0';
	return 0;
}
