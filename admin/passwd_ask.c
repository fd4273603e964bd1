/* SPDX-License-Identifier: ISC */
/* The password that somebody types, or that a script hands over. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/dialogue.h"
#include "admin/passwd.h"

static const char help[] =
    "What the device or program signs in with at this listener: from 8 to 511 "
    "octets of UTF-8. Some devices take no more than 16, and letters and "
    "digits alone. Only a hash of it is kept.";

/* 0; 1: left; 2: it will not do, and so was said. */
static int
ask_once(struct dialogue *d, const char *login, struct buf *out)
{
	const char *fault;
	struct buf again;
	int rc = 1;

	buf_init(&again, out->max);
	if (dialogue_secret(d, "Password", help, out) == 0) {
		if ((fault = passwd_fault(login, out)) != NULL) {
			dialogue_say(d, "  %s\n", fault);
			rc = 2;
		} else if (dialogue_secret(d, "The same again", help, &again) ==
			   0) {
			rc =
			    again.len == out->len &&
				    memcmp(again.data, out->data, out->len) == 0
				? 0
				: 2;
			if (rc == 2)
				dialogue_say(d, "  these are two passwords\n");
		}
	}
	buf_wipe(&again);
	return rc;
}

static int
ask_person(struct dialogue *d, const char *login, struct buf *out)
{
	int rc;

	do {
		buf_wipe(out);
		rc = ask_once(d, login, out);
	} while (rc == 2);
	dialogue_close(d);
	return rc;
}

/* Octet by octet: what follows the line is not ours. */
static int
read_line(struct buf *out, struct err *e)
{
	ssize_t n;
	char c;

	for (;;) {
		n = read(STDIN_FILENO, &c, 1);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_errno(
			    e, ERR_LOCAL, "4.3.0", "the standard input");
		if (n == 0 || c == '\n')
			return 0;
		if (buf_putc(out, c) == -1)
			return err_set(e, ERR_PERM, "5.7.0",
			    "the line on the standard input is too long");
	}
}

static void
trim(struct buf *b)
{
	while (b->len > 0 && strchr(" \t\r", b->data[b->len - 1]) != NULL &&
	       b->data[b->len - 1] != '\0')
		buf_truncate(b, b->len - 1);
}

int
passwd_ask(const char *login, struct buf *out, struct err *e)
{
	struct dialogue d;
	const char *fault;

	if (dialogue_open(&d, STDIN_FILENO, stdout) == 0)
		return ask_person(&d, login, out);
	if (read_line(out, e) == -1)
		return -1;
	/* As it is typed: blanks at the end are nobody's. */
	trim(out);
	if ((fault = passwd_fault(login, out)) != NULL)
		return err_set(e, ERR_PERM, "5.7.0", "%s", fault);
	return 0;
}
