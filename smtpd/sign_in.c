/* SPDX-License-Identifier: ISC */
/* A password's way to the checker, and the parent's answer. */
#include "config.h"

#include <sys/socket.h>

#include <stdint.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/proto_check.h"
#include "common/proto_listen.h"
#include "smtpd/sign_in.h"

/* Others may be before us, and a refusal takes its time. */
#define PATIENCE_MS (60 * 1000)

static const char lost[] = "the sign-in failed here; try later";

/* *fd is the way to a checker, or -1 and text says why there is none. */
static int
ask(struct channel *c, int *fd, char text[FDPASS_TEXT_MAX], int64_t until)
{
	struct buf b;
	ssize_t start;
	int rc = -1;

	buf_init(&b, CHECK_MAX);
	start = frame_begin(&b, LISTEN_SIGN_IN);
	if (start != -1 && frame_end(&b, start) == 0)
		rc = channel_ask(c, &b, fd, text, until, NULL);
	buf_clear(&b);
	return rc;
}

static int
send_login(int fd, const char *login, const char *password)
{
	const struct check_login l = { (char *)(uintptr_t)login,
		(char *)(uintptr_t)password };
	struct buf b;
	int rc = -1;

	buf_init(&b, CHECK_MAX);
	if (check_put_login(&b, &l) == 0 &&
	    send(fd, b.data, b.len, MSG_NOSIGNAL) == (ssize_t)b.len)
		rc = 0;
	buf_wipe(&b);
	return rc;
}

/* What the parent says: no checker, or how it went. */
static enum sign_in_result
verdict(struct channel *c, const char *text, struct err *e)
{
	switch (text[0]) {
	case LISTEN_YES:
		return SIGN_IN_YES;
	case LISTEN_NO:
		return SIGN_IN_NO;
	default:
		if (text[0] == LISTEN_LATER && text[1] == ' ')
			err_set(e, ERR_TEMP, "4.7.0", "%s", text + 2);
		else
			channel_end(c);
		return SIGN_IN_LATER;
	}
}

enum sign_in_result
sign_in_ask(
    struct channel *c, const char *login, const char *password, struct err *e)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	char text[FDPASS_TEXT_MAX];
	int fd, rc;

	err_set(e, ERR_TEMP, "4.7.0", "%s", lost);
	if (ask(c, &fd, text, until) == -1)
		return SIGN_IN_LATER;
	if (fd == -1)
		return verdict(c, text, e);
	/* A checker that is gone is told by the parent, too. */
	rc = send_login(fd, login, password);
	close(fd);
	if (channel_hear(c, &fd, text, until, NULL) == -1)
		return SIGN_IN_LATER;
	if (fd != -1) {
		close(fd);
		channel_end(c);
		return SIGN_IN_LATER;
	}
	return rc == 0 ? verdict(c, text, e) : SIGN_IN_LATER;
}
