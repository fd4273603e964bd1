/* SPDX-License-Identifier: ISC */
/* DEVICE of the control contract, beside the others (proto_ctl.c). */
#include "config.h"

#include <string.h>

#include "common/fieldmap.h"
#include "common/proto_ctl.h"

/* clang-format off */
#define STR FIELDMAP_STRING
#define NUM FIELDMAP_NUMBER

static const struct fieldmap_item device_items[] = {
	STR(1, ctl_device, listener, true),
	STR(2, ctl_device, address, true),
	STR(3, ctl_device, login, true),
	STR(4, ctl_device, name, true),
	STR(5, ctl_device, tls, true),
	STR(6, ctl_device, cipher, true),
	NUM(7, ctl_device, is_old, 0, 1),
	NUM(8, ctl_device, old_at, 0, INT64_MAX),
	NUM(9, ctl_device, first_at, 0, INT64_MAX),
	NUM(10, ctl_device, last_at, 0, INT64_MAX),
	NUM(11, ctl_device, messages, 0, UINT64_MAX),
	NUM(12, ctl_device, failures, 0, UINT64_MAX),
	NUM(13, ctl_device, error_at, 0, INT64_MAX),
	STR(14, ctl_device, error, true),
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void
ctl_device_clear(struct ctl_device *d)
{
	fieldmap_clear(device_items, COUNT(device_items), d);
	memset(d, 0, sizeof(*d));
}

int
ctl_put_device(struct buf *b, const struct ctl_device *d)
{
	ssize_t start = frame_begin(b, CTL_DEVICE);

	if (start == -1 ||
	    fieldmap_put(b, device_items, COUNT(device_items), d) == -1)
		return -1;
	return frame_end(b, start);
}

int
ctl_get_device(const struct frame *f, struct ctl_device *d, struct err *e)
{
	struct fieldmap m = { device_items, COUNT(device_items), d, 0 };

	memset(d, 0, sizeof(*d));
	if (f->type != CTL_DEVICE)
		return err_set(e, ERR_LOCAL, "5.5.0",
		    "frame %u where %u was due", f->type, CTL_DEVICE);
	if (fieldmap_get(f, &m, 1, e) == 0)
		return 0;
	ctl_device_clear(d);
	return -1;
}
