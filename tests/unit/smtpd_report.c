/* SPDX-License-Identifier: ISC */
/* Of a refusal: words to the device, a line to the log, a figure to mailchuted.
 */
#include "config.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/proto_trouble.h"
#include "smtpd/report.h"

static char listener[] = "floor", client[] = "10.0.0.5";
static const struct listen_setup setup = { .listener = listener,
	.client = client };
static const struct client_words words = { .helo = "copier" };

static struct {
	struct channel channel;
	struct report p;
	int log[2], parent;
	char text[65536];
} rig;

static int
set_up(void **state)
{
	int fd[2];

	(void)state;
	memset(&rig.p, 0, sizeof(rig.p));
	rig.channel.fd = LISTEN_FD;
	rig.p.channel = &rig.channel;
	rig.p.setup = &setup;
	rig.p.words = &words;
	if (pipe(rig.log) == -1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) == -1)
		return -1;
	/* The channel has its number; what had it before is the test's. */
	rig.parent = fcntl(fd[0], F_DUPFD, 20);
	dup2(fcntl(rig.log[0], F_DUPFD, 20), rig.log[0]);
	rig.log[0] = fcntl(rig.log[0], F_DUPFD, 20);
	rig.log[1] = fcntl(rig.log[1], F_DUPFD, 20);
	if (dup2(fd[1], LISTEN_FD) == -1)
		return -1;
	fcntl(rig.log[0], F_SETFL, O_NONBLOCK);
	log_open_fd("test", rig.log[1], LOG_DEBUG);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	log_open_fd("test", STDERR_FILENO, LOG_DEBUG);
	close(rig.log[0]);
	close(rig.log[1]);
	close(LISTEN_FD);
	return close(rig.parent);
}

static struct reply
refused(unsigned code, const char *status, const char *text)
{
	struct reply r;

	reply_set(&r, code, status, "%s", text);
	report_refused(&rig.p, &r);
	return r;
}

static const char *
logged(void)
{
	ssize_t n = read(rig.log[0], rig.text, sizeof(rig.text) - 1);

	rig.text[n > 0 ? n : 0] = '\0';
	return rig.text;
}

/* Is there one more, and what does it say? */
static bool
told(struct client_trouble *t)
{
	char p[LISTEN_ASK_MAX];
	struct frame f;
	struct err e;
	ssize_t n = recv(rig.parent, p, sizeof(p), MSG_DONTWAIT);

	memset(t, 0, sizeof(*t));
	if (n <= 0)
		return false;
	assert_int_equal(frame_parse(p, (size_t)n, &f), n);
	assert_int_equal(client_trouble_get(&f, t, &e), 0);
	return true;
}

static void
each_hears_what_is_for_him(void **state)
{
	struct client_trouble t;
	struct reply r = refused(550, "5.7.1", "x@y.example may not send here");

	(void)state;
	assert_int_equal(r.code, 550);
	assert_string_equal(r.status, "5.7.1");
	assert_string_equal(r.text, "Sender not allowed; ask admin");
	logged();
	assert_non_null(strstr(rig.text, "event=device-refused"));
	assert_non_null(strstr(rig.text, "listener=floor client=10.0.0.5"));
	assert_non_null(strstr(rig.text, "name=copier"));
	assert_non_null(
	    strstr(rig.text, "550 5.7.1 Sender not allowed; ask admin"));
	assert_non_null(strstr(rig.text, "x@y.example may not send here"));
	assert_non_null(strstr(rig.text, "senders of [listen floor]"));
	assert_true(told(&t));
	assert_string_equal(t.words.helo, "copier");
	assert_int_equal(t.count, 1);
	assert_non_null(strstr(t.text, "x@y.example"));
	assert_non_null(strstr(t.text, "senders of [listen floor]"));
}

/* Twice, whatever happens: at once, and in the end. */
static void
troubles_are_told_together(void **state)
{
	struct client_trouble t;
	int i;

	(void)state;
	report_failed(&rig.p, "no TLS");
	for (i = 0; i < 9; i++)
		refused(501, "5.1.3", "nonsense \xff\n");
	assert_true(told(&t));
	assert_string_equal(t.text, "no TLS");
	assert_false(told(&t));
	report_end(&rig.p);
	assert_true(told(&t));
	assert_int_equal(t.count, 9);
	assert_non_null(strstr(t.text, "nonsense ??"));
	report_end(&rig.p);
	assert_false(told(&t));
}

static void
a_command_that_is_not_known_is_no_trouble(void **state)
{
	struct client_trouble t;
	struct reply r = refused(500, "5.5.2", "there is no such command");

	(void)state;
	assert_string_equal(r.text, "Command not known; check device");
	r = refused(502, "5.5.1", "this command is not offered here");
	assert_string_equal(r.text, "Command not offered here");
	report_end(&rig.p);
	assert_false(told(&t));
	assert_non_null(strstr(logged(), "no such command"));
}

/* Each wrong password is one; the end that three have is none of its own. */
static void
who_is_sent_away_for_them_has_been_counted(void **state)
{
	struct client_trouble t;

	(void)state;
	refused(535, "5.7.8", "wrong user or password");
	assert_true(told(&t));
	refused(421, "4.7.0", "too many failures to sign in; closing");
	report_end(&rig.p);
	assert_false(told(&t));
	assert_non_null(strstr(logged(), "too many failures"));
	refused(421, "4.7.0", "too many commands");
	report_end(&rig.p);
	assert_true(told(&t));
}

static void
a_session_has_so_many_lines(void **state)
{
	const char *p;
	int i, n = 0;

	(void)state;
	for (i = 0; i < 100; i++)
		refused(501, "5.1.3", "x");
	for (p = logged(); (p = strstr(p, "event=device-refused")) != NULL; p++)
		n++;
	assert_int_equal(n, REPORT_LINES + 1);
	assert_non_null(strstr(rig.text, "more of this session"));
}

/* A parent that does not listen, or is gone, ends no session. */
static void
nobody_is_waited_for(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		rig.p.has_told = false;
		report_failed(&rig.p, "x");
	}
	close(rig.parent);
	rig.parent = -1;
	report_failed(&rig.p, "x");
	report_end(&rig.p);
	rig.parent = dup(STDERR_FILENO);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_hears_what_is_for_him),
		CASE(troubles_are_told_together),
		CASE(a_command_that_is_not_known_is_no_trouble),
		CASE(who_is_sent_away_for_them_has_been_counted),
		CASE(a_session_has_so_many_lines),
		CASE(nobody_is_waited_for),
	};

	return cmocka_run_group_tests_name("smtpd_report", tests, NULL, NULL);
}
