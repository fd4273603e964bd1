/* SPDX-License-Identifier: ISC */
/* The first records of the channel. */
#include "config.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "smtpd/setup.h"

#define SETUP_MAX  65536
#define RECORD_MAX (PAIR_FRAME_MAX > SETUP_MAX ? PAIR_FRAME_MAX : SETUP_MAX)

/* One record that is one frame, which points into p; *used is its most. */
static int
read_frame(char *p, size_t *used, struct frame *f, struct err *e)
{
	ssize_t n;

	do
		n = recv(LISTEN_FD, p, RECORD_MAX, MSG_TRUNC);
	while (n == -1 && errno == EINTR);
	if (n > (ssize_t)*used)
		*used = n > RECORD_MAX ? RECORD_MAX : (size_t)n;
	if (n > 0 && n <= RECORD_MAX && frame_parse(p, (size_t)n, f) == n)
		return 0;
	return err_set(
	    e, ERR_LOCAL, "4.3.5", "smtpd -l is started by mailchuted alone");
}

int
setup_read(struct listen_setup *s, struct pair *pair, struct err *e)
{
	char *p = xmalloc(RECORD_MAX);
	struct frame f;
	size_t used = 0;
	int rc = -1;

	memset(s, 0, sizeof(*s));
	pair_init(pair);
	if (read_frame(p, &used, &f, e) == 0 &&
	    listen_get_setup(&f, s, e) == 0 &&
	    (!s->has_pair || (read_frame(p, &used, &f, e) == 0 &&
				 pair_get(&f, pair, e) == 0)))
		rc = 0;
	else
		listen_setup_clear(s);
	/* The rest was never written to, and would cost a page after another.
	 */
	explicit_bzero(p, used);
	free(p);
	return rc;
}
