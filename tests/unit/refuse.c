/* SPDX-License-Identifier: ISC */
/* Drop files that are refused for ever: who is told, and what is left. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "tests/unit/drop_rig.h"
#include "tests/unit/notice_rig.h"

#define STRANGER 2000000000 /* no user of this host */
#define OFFICE   OFFICE_ADMIN OFFICE_ACCOUNT
#define CLOSED   OFFICE "users = daemon\n" /* to root, and to strangers */
#define TEXT \
	"From: a@example.com\r\nSubject: lost\r\nMessage-ID: <1@x>\r\n\r\n" \
	"secret\r\n"

static int64_t
number(const char *sql)
{
	char *path = xasprintf("%s/queue", drop_rig.o.directory);
	int64_t n = fixture_number(path, sql);

	free(path);
	return n;
}

#define JOURNALLED "SELECT count(*) FROM event WHERE what = 'bounced'"

static void
lists(const char *what)
{
	assert_string_equal(office_list(&drop_rig.o), what);
}

/* One such file is replayed, and nothing is left of it in the folder. */
static void
fails(const char *options, struct drop_mail mail)
{
	drop_up(options);
	drop_put("bad", mail);
	drop_round();
	assert_int_equal(drop_files(), 0);
}

/* One is replayed, and kept for the administrator. */
static void
goes_aside(const char *options, struct drop_mail mail, const char *why)
{
	drop_up(options);
	drop_put("bad", mail);
	drop_round();
	assert_int_equal(drop_files(), 1);
	assert_true(drop_is_there("aside.bad"));
	assert_int_equal(office_logged(&drop_rig.o, why), 1);
	lists("");
	assert_int_equal(number(JOURNALLED), 0);
	drop_down();
}

static void
the_owner_is_told_by_his_name(void **state)
{
	char *text;

	(void)state;
	if (geteuid() != 0)
		skip();
	/* Not the sender that he gave, who may know nothing of it. */
	fails(CLOSED, (struct drop_mail){ .number = 1, .text = TEXT });
	lists("bounce <> to it@contoso.com queued");
	text = notice_newest(&drop_rig.o);
	notice_holds(text, "To: <root>\r\n");
	notice_holds(text, "X-Mailchute-Notice: failed\r\n");
	notice_holds(text, "Final-Recipient: rfc822; b@example.com\r\n");
	notice_holds(text, "Action: failed\r\nStatus: 5.7.1\r\n");
	notice_holds(
	    text, "Diagnostic-Code: x-mailchute; no account may be used by");
	notice_holds(text, "Subject: lost\r\n");
	notice_lacks(text, "secret");
	free(text);
	assert_int_equal(number(JOURNALLED " AND sender = 'root' AND uid = 0"
					   " AND recipient = 'b@example.com'"
					   " AND status = '5.7.1'"),
	    1);
	assert_int_equal(office_logged(&drop_rig.o, "event=refused id="), 1);
	assert_int_equal(office_logged(&drop_rig.o, "event=bounced id="), 1);
	assert_int_equal(
	    office_logged(&drop_rig.o, "event=drop-file-refused id="), 1);
	drop_down();
}

static void
his_name_goes_through_the_aliases(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	drop_up(CLOSED);
	office_write(&drop_rig.o, "aliases", "root: boss@contoso.com\n");
	drop_put("bad", (struct drop_mail){ .number = 1, .text = TEXT });
	drop_put("stranger",
	    (struct drop_mail){ .number = 1, .owner = STRANGER, .text = TEXT });
	drop_round();
	assert_int_equal(drop_files(), 0);
	assert_non_null(strstr(
	    office_list(&drop_rig.o), "bounce <> to boss@contoso.com queued"));
	/* Who has no name is nobody's alias. */
	assert_non_null(strstr(
	    office_list(&drop_rig.o), "bounce <> to it@contoso.com queued"));
	assert_int_equal(number(JOURNALLED " AND sender = 'uid2000000000'"), 1);
	drop_down();
}

static void
the_sender_is_told_where_it_is_his_to_use(void **state)
{
	static const char ours[] =
	    OFFICE_ADMIN "[account]\nprovider = smtp\nhost = 127.0.0.1\n"
			 "tls = none\nsenders = @example.com\n";

	(void)state;
	fails(ours, (struct drop_mail){ .number = 1, .rcpt = "b@" });
	lists("bounce <> to a@example.com queued");
	drop_down();
	fails(ours,
	    (struct drop_mail){
		.number = 1, .rcpt = "b@", .sender = "x@victim.example" });
	lists("bounce <> to it@contoso.com queued");
	drop_down();
	/* An account that is not for him, with whatever senders. */
	if (geteuid() != 0)
		skip();
	fails(OFFICE_ADMIN "[account]\nprovider = smtp\nhost = 127.0.0.1\n"
			   "tls = none\nsenders = @example.com\n"
			   "users = daemon\n",
	    (struct drop_mail){ .number = 1 });
	lists("bounce <> to it@contoso.com queued");
	drop_down();
}

static void
mail_without_a_sender_is_told_to_the_admin(void **state)
{
	char *text;

	(void)state;
	fails(OFFICE,
	    (struct drop_mail){ .number = 1, .rcpt = "b@", .sender = "" });
	lists("bounce <> to it@contoso.com queued");
	text = notice_newest(&drop_rig.o);
	notice_holds(text, "X-Mailchute-Notice: last\r\n");
	free(text);
	assert_int_equal(
	    office_logged(&drop_rig.o, "event=bounced-to-admin"), 1);
	drop_down();
	/* A notice of ours that somebody sends back to us. */
	fails(OFFICE, (struct drop_mail){ .number = 1,
			  .rcpt = "b@",
			  .text = "X-Mailchute-Notice: failed\r\n\r\nx\r\n" });
	lists("bounce <> to it@contoso.com queued");
	drop_down();
}

static void
what_can_be_told_to_nobody_goes_aside(void **state)
{
	(void)state;
	/* The last word has been said, and no bounce answers it. */
	goes_aside(OFFICE,
	    (struct drop_mail){ .number = 1,
		.rcpt = "b@",
		.text = "X-Mailchute-Notice: last\r\n\r\nx\r\n" },
	    "and there is nobody to tell");
	goes_aside(OFFICE_ACCOUNT,
	    (struct drop_mail){ .number = 1, .rcpt = "b@", .sender = "" },
	    "and there is nobody to tell");
	if (geteuid() != 0)
		skip();
	/* A bounce that local.admin himself was to get. */
	goes_aside(CLOSED,
	    (struct drop_mail){
		.number = 1, .rcpt = "it@contoso.com", .sender = "" },
	    "and there is nobody to tell");
}

static void
who_wants_no_word_gets_none(void **state)
{
	(void)state;
	fails(OFFICE, (struct drop_mail){
			  .number = 1, .rcpt = "b@", .notify = NOTIFY_NEVER });
	lists("");
	assert_int_equal(number(JOURNALLED), 1);
	assert_int_equal(office_logged(&drop_rig.o, "event=refused id="), 1);
	assert_int_equal(office_logged(&drop_rig.o, "event=bounced"), 0);
	drop_down();
}

static void
what_is_too_large_is_shown_by_its_header(void **state)
{
	const size_t n = 300 * 1024;
	char *large = xmalloc(n + 1), *text;

	(void)state;
	memset(large, 'y', n);
	memcpy(large, TEXT, strlen(TEXT));
	large[n] = '\0';
	fails(OFFICE "[queue]\nmessage_size_max = 200K\n",
	    (struct drop_mail){ .number = 1, .text = large, .ret = RET_FULL });
	text = notice_newest(&drop_rig.o);
	notice_holds(text, "Status: 5.3.4\r\n");
	notice_holds(text, "Subject: lost\r\n");
	notice_holds(text, "text/rfc822-headers");
	notice_lacks(text, "secret");
	free(text);
	free(large);
	drop_down();
}

static void
ret_full_shows_all_that_is_shown_at_all(void **state)
{
	char *text;

	(void)state;
	fails(OFFICE,
	    (struct drop_mail){
		.number = 1, .rcpt = "b@", .text = TEXT, .ret = RET_FULL });
	text = notice_newest(&drop_rig.o);
	notice_holds(text, "message/rfc822");
	notice_holds(text, "secret");
	free(text);
	drop_down();
}

/* What breaks a line of the message must not break one of the bounce. */
static void
what_is_not_canonical_is_cut(void **state)
{
	static const char *const texts[] = {
		"Subject: lost\r\n\r\nsecret\n.\nMAIL FROM:<x>\r\n",
		"Subject: lost\r\n\r\nsecret\r.\r\n",
		"Subject: lost\r\n\r\nsecret\r",
		"Subject: lost\r\nX: secret\n.\n\r\n\r\n",
	};
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fails(OFFICE,
		    (struct drop_mail){
			.number = 1, .text = texts[i], .ret = RET_FULL });
		text = notice_newest(&drop_rig.o);
		notice_holds(text, "Status: 5.6.0\r\n");
		notice_holds(text, "Subject: lost\r\n");
		notice_holds(text, "text/rfc822-headers");
		notice_lacks(text, "secret");
		free(text);
		drop_down();
	}
}

static void
many_recipients_have_several_notices(void **state)
{
	struct drop_mail mail = { .number = 1, .rcpt = "b@", .nrcpts = 250 };

	(void)state;
	fails(OFFICE, mail);
	assert_int_equal(number("SELECT count(*) FROM message"), 3);
	assert_int_equal(number(JOURNALLED), 250);
	assert_int_equal(office_logged(&drop_rig.o, "event=bounced"), 3);
	drop_down();
	mail.nrcpts = 1001;
	goes_aside(OFFICE, mail, "too many for a bounce");
}

static void
what_makes_no_sense_goes_aside(void **state)
{
	struct buf b;

	(void)state;
	/* Half an envelope, with an end. */
	drop_up(OFFICE);
	drop_frames(&b, (struct drop_mail){ .number = 1, .rcpt = "b@" });
	buf_truncate(&b, 60);
	submit_put_end(&b, 0);
	drop_write("bad", buf_data(&b), b.len);
	buf_clear(&b);
	/* An end too many, behind what would do for a bounce. */
	drop_frames(&b, (struct drop_mail){ .number = 1, .text = TEXT });
	submit_put_end(&b, strlen(TEXT));
	drop_write("worse", buf_data(&b), b.len);
	buf_clear(&b);
	drop_round();
	assert_true(drop_is_there("aside.bad"));
	assert_true(drop_is_there("aside.worse"));
	lists("");
	assert_int_equal(number(JOURNALLED), 0);
	drop_down();
}

/* What cannot be stored now is no more lost than any other. */
static void
a_store_that_fails_keeps_the_file(void **state)
{
	char *path;

	(void)state;
	drop_up(OFFICE);
	path = xasprintf("%s/queue", drop_rig.o.directory);
	fixture_tamper(path, "CREATE TRIGGER t BEFORE INSERT ON submission "
			     "BEGIN SELECT raise(ABORT, 'no'); END");
	drop_put("bad", (struct drop_mail){ .number = 1, .rcpt = "b@" });
	drop_round();
	assert_true(drop_is_there("bad"));
	lists("");
	assert_int_equal(number(JOURNALLED), 0);
	assert_int_equal(
	    office_logged(&drop_rig.o, "event=drop-file-waits"), 1);
	fixture_tamper(path, "DROP TRIGGER t");
	drop_rig.mono_ms += 10 * 60 * 1000;
	drop_round();
	assert_int_equal(drop_files(), 0);
	lists("bounce <> to it@contoso.com queued");
	free(path);
	drop_down();
}

/* Bounces are mail of their owner's, and he may have so much of it. */
static void
bounces_count_as_his(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	drop_up(OFFICE "[queue]\nuid_messages = 1\n");
	drop_put("one",
	    (struct drop_mail){ .number = 1, .owner = STRANGER, .rcpt = "b@" });
	drop_round();
	drop_put("two",
	    (struct drop_mail){ .number = 2, .owner = STRANGER, .rcpt = "b@" });
	drop_round();
	assert_int_equal(drop_files(), 1);
	lists("bounce <> to it@contoso.com queued");
	assert_int_equal(
	    office_logged(&drop_rig.o, "event=drop-file-waits"), 1);
	drop_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_owner_is_told_by_his_name),
		cmocka_unit_test(his_name_goes_through_the_aliases),
		cmocka_unit_test(the_sender_is_told_where_it_is_his_to_use),
		cmocka_unit_test(mail_without_a_sender_is_told_to_the_admin),
		cmocka_unit_test(what_can_be_told_to_nobody_goes_aside),
		cmocka_unit_test(who_wants_no_word_gets_none),
		cmocka_unit_test(what_is_too_large_is_shown_by_its_header),
		cmocka_unit_test(ret_full_shows_all_that_is_shown_at_all),
		cmocka_unit_test(what_is_not_canonical_is_cut),
		cmocka_unit_test(many_recipients_have_several_notices),
		cmocka_unit_test(what_makes_no_sense_goes_aside),
		cmocka_unit_test(a_store_that_fails_keeps_the_file),
		cmocka_unit_test(bounces_count_as_his),
	};

	return cmocka_run_group_tests_name("refuse", tests, NULL, NULL);
}
