/* SPDX-License-Identifier: ISC */
/* What of a dialogue is logged, and what never is. */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "smtpd/dialogue.h"

static struct {
	struct dialogue d;
	struct buf out;
	int log[2];
	char text[65536];
} rig;

static int
set_up(void **state)
{
	(void)state;
	memset(&rig.d, 0, sizeof(rig.d));
	rig.d.listener = "floor";
	rig.d.client = "10.0.0.5";
	buf_init(&rig.out, 65536);
	if (pipe(rig.log) == -1)
		return -1;
	fcntl(rig.log[0], F_SETFL, O_NONBLOCK);
	fcntl(rig.log[1], F_SETPIPE_SZ, 1024 * 1024);
	log_open_fd("test", rig.log[1], LOG_DEBUG);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	log_open_fd("test", STDERR_FILENO, LOG_DEBUG);
	buf_clear(&rig.out);
	close(rig.log[0]);
	return close(rig.log[1]);
}

static void
says(const char *line)
{
	dialogue_command(&rig.d, &rig.out, line, strlen(line));
}

static void
hears(const char *reply)
{
	buf_printf(&rig.out, "%s\r\n", reply);
}

static void
flush(void)
{
	dialogue_flush(&rig.d, &rig.out);
	buf_truncate(&rig.out, 0);
}

/* What the log has heard since: each line's end, from 'from=' on. */
static const char *
logged(void)
{
	static char all[65536];
	char *line, *rest, *at;
	ssize_t n = read(rig.log[0], rig.text, sizeof(rig.text) - 1);

	all[0] = '\0';
	rig.text[n > 0 ? n : 0] = '\0';
	for (rest = rig.text; (line = strsep(&rest, "\n")) != NULL;)
		if ((at = strstr(line, " from=")) != NULL) {
			strlcat(all, at + 6, sizeof(all));
			strlcat(all, "\n", sizeof(all));
		}
	return all;
}

static void
both_sides_in_their_order(void **state)
{
	(void)state;
	hears("220 hello");
	flush();
	says("EHLO copier");
	hears("250-one");
	hears("250 two");
	/* Said without waiting: the replies come first, all the same. */
	says("NOOP");
	hears("250 ok");
	flush();
	says("QUIT");
	assert_string_equal(logged(),
	    "server text=\"220 hello\"\nclient text=\"EHLO copier\"\n"
	    "server text=250-one\nserver text=\"250 two\"\n"
	    "client text=NOOP\nserver text=\"250 ok\"\nclient text=QUIT\n");
}

static void
secrets_of_every_form_are_left_out(void **state)
{
	static const char *const lines[] = { "AUTH PLAIN c2VjcmV0",
		"auth\tplain\tc2VjcmV0", "  AUTH  LOGIN  c2VjcmV0 c2VjcmV0",
		"AUTH=PLAIN c2VjcmV0", "AUTH:c2VjcmV0 c2VjcmV0",
		"AUTH c2VjcmV0", "AUTH  c2VjcmV0 PLAIN", "AUTH PLAINc2VjcmV0" };
	const char *all;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		says(lines[i]);
		hears("334 VXNlcm5hbWU6");
		flush();
		says("c2VjcmV0");
		hears("334 UGFzc3dvcmQ6");
		/* Not waited for. */
		says("MAIL FROM:<c2VjcmV0>");
		hears("535 5.7.8 no");
		/* Blindly on, as devices do. */
		says("c2VjcmV0");
		hears("500 5.5.2 no");
		flush();
	}
	all = logged();
	assert_null(strstr(all, "c2Vj"));
	assert_non_null(strstr(all, "AUTH PLAIN"));
}

static void
what_looks_like_signing_in_is_left_out(void **state)
{
	static const char *const lines[] = { "AUTHLOGIN c2VjcmV0",
		"\rAUTH PLAIN c2VjcmV0", "X-auth c2VjcmV0", "c2VjcmV0 AUTH" };
	const char *all;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		rig.d.is_guarded = false;
		says(lines[i]);
		hears("500 5.5.2 no");
		says("c2VjcmV0");
		hears("500 5.5.2 no");
		flush();
		all = logged();
		assert_null(strstr(all, "c2Vj"));
		assert_non_null(strstr(all, "no command"));
	}
	/* A parameter of MAIL, which tells nobody's secret. */
	says("MAIL FROM:<a@b.example> AUTH=<>");
	assert_non_null(strstr(logged(), "AUTH=<>"));
}

/* A device that takes us for a POP, IMAP or FTP server. */
static void
of_other_protocols_the_command_alone_is_logged(void **state)
{
	static const char *const lines[] = { "PASS c2VjcmV0", "pass\tc2VjcmV0",
		"LOGIN bob c2VjcmV0", "a1 LOGIN bob c2VjcmV0",
		"APOP bob c2VjcmV0", "PASS \x01 c2VjcmV0" };
	const char *all;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		says(lines[i]);
		hears("500 5.5.2 no");
		flush();
	}
	all = logged();
	assert_null(strstr(all, "c2Vj"));
	assert_null(strstr(all, "bob"));
	assert_non_null(strstr(all, "client text=PASS\n"));
	assert_non_null(strstr(all, "client text=a1\n"));
}

/* Lines that are no commands may be a text that was refused. */
static void
no_text_of_a_message_is_logged(void **state)
{
	const char *all;

	(void)state;
	says("FOO");
	assert_non_null(strstr(logged(), "FOO"));
	says("DATA");
	hears("503 5.5.1 no");
	flush();
	says("Dear Sir");
	says("\x01 secret");
	all = logged();
	assert_non_null(strstr(all, "no command"));
	assert_null(strstr(all, "Dear"));
	assert_null(strstr(all, "secret"));
}

static void
nor_behind_a_line_that_was_none(void **state)
{
	(void)state;
	says("DATA\r");
	hears("500 5.5.2 no");
	flush();
	says("Dear Sir");
	assert_null(strstr(logged(), "Dear"));
}

static void
lines_are_cut_and_counted(void **state)
{
	char line[1000];
	int i, n = 0;
	const char *p, *all;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	says(line);
	dialogue_long_line(&rig.d, &rig.out);
	p = logged();
	assert_in_range(strlen(p), 200, 300);
	assert_non_null(strstr(p, "too long"));
	for (i = 0; i < 500; i++)
		says("NOOP");
	all = logged();
	for (p = all; (p = strstr(p, "client")) != NULL; p++)
		n++;
	assert_int_equal(n, DIALOGUE_LINES - 2 + 1);
	assert_non_null(strstr(all, "more of this session"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(both_sides_in_their_order),
		CASE(secrets_of_every_form_are_left_out),
		CASE(what_looks_like_signing_in_is_left_out),
		CASE(of_other_protocols_the_command_alone_is_logged),
		CASE(no_text_of_a_message_is_logged),
		CASE(nor_behind_a_line_that_was_none),
		CASE(lines_are_cut_and_counted),
	};

	return cmocka_run_group_tests_name("smtpd_dialogue", tests, NULL, NULL);
}
