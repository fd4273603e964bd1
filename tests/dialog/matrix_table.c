/* SPDX-License-Identifier: ISC */
/* The places, the faults, and what has to come of each pair. */
#include "config.h"

#include "tests/dialog/matrix.h"

#define OCTETS(s) s, sizeof(s) - 1

const struct step matrix_steps[PLACES] = {
	[GREETING] = { "greeting", NULL, "220 server.example ESMTP\r\n" },
	[EHLO] = { "EHLO", "EHLO client.example",
	    "250-server.example\r\n250 STARTTLS\r\n" },
	[STARTTLS] = { "STARTTLS", "STARTTLS", "220 2.0.0 ready\r\n" },
	[EHLO_TLS] = { "EHLO in TLS", "EHLO client.example",
	    "250-server.example\r\n250 AUTH LOGIN XOAUTH2\r\n" },
	[AUTH] = { "AUTH", "AUTH LOGIN", "334 VXNlcm5hbWU6\r\n" },
	[AUTH_USER] = { "user", "YWxlcnRzQGNvbnRvc28uY29t",
	    "334 UGFzc3dvcmQ6\r\n" },
	[AUTH_PASSWORD] = { "password", "aHVudGVyMg==", "235 2.7.0 ok\r\n" },
	[MAIL] = { "MAIL", "MAIL FROM:<a@example.com>", "250 ok\r\n" },
	[RCPT] = { "RCPT", "RCPT TO:<b@example.net>", "250 ok\r\n" },
	[DATA] = { "DATA", "DATA", "354 go on\r\n" },
	[DOT] = { "dot", NULL, "250 2.0.0 OK\r\n" },
	[MAIL_AGAIN] = { "second MAIL", "MAIL FROM:<a@example.com>",
	    "250 ok\r\n" },
	[QUIT] = { "QUIT", "QUIT", "221 bye\r\n" },
	[FLIGHT_MAIL] = { "MAIL in flight", NULL, "250 ok\r\n" },
	[FLIGHT_RCPT] = { "RCPT in flight", NULL, "250 ok\r\n" },
	[FLIGHT_DOT] = { "BDAT in flight", NULL, "250 2.0.0 OK\r\n" },
};

#define LINE_50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

const struct fault matrix_faults[] = {
	{ "no code", LOST, OCTETS("hello there\r\n"), 0, STAYS },
	{ "an empty line", LOST, OCTETS("\r\n"), 0, STAYS },
	{ "blanks", LOST, OCTETS("    \r\n"), 0, STAYS },
	{ "a blank before the code", LOST, OCTETS(" 250 ok\r\n"), 0, STAYS },
	{ "one digit", LOST, OCTETS("2 ok\r\n"), 0, STAYS },
	{ "two digits", LOST, OCTETS("25 ok\r\n"), 0, STAYS },
	{ "four digits", LOST, OCTETS("2500 ok\r\n"), 0, STAYS },
	{ "a letter in the code", LOST, OCTETS("2x0 ok\r\n"), 0, STAYS },
	{ "full-width digits", LOST,
	    OCTETS("\xef\xbc\x92\xef\xbc\x95\xef\xbc\x90 ok\r\n"), 0, STAYS },
	{ "code 000", LOST, OCTETS("000 ok\r\n"), 0, STAYS },
	{ "code 199", LOST, OCTETS("199 ok\r\n"), 0, STAYS },
	{ "code 600", LOST, OCTETS("600 ok\r\n"), 0, STAYS },
	{ "code 999", LOST, OCTETS("999 ok\r\n"), 0, STAYS },
	{ "a negative code", LOST, OCTETS("-250 ok\r\n"), 0, STAYS },
	{ "nothing behind the code", LOST, OCTETS("250ok\r\n"), 0, STAYS },
	{ "a tab behind the code", LOST, OCTETS("250\tok\r\n"), 0, STAYS },
	{ "mixed codes", LOST, OCTETS("250-a\r\n251 b\r\n"), 0, STAYS },
	{ "mixed classes", LOST, OCTETS("250-a\r\n550 b\r\n"), 0, STAYS },
	{ "a line of a reply without a code", LOST,
	    OCTETS("250-a\r\nb\r\n250 c\r\n"), 0, STAYS },
	{ "a bare LF", LOST, OCTETS("250 ok\n"), 0, STAYS },
	{ "a bare CR", LOST, OCTETS("250 o\rk\r\n"), 0, STAYS },
	{ "two CR", LOST, OCTETS("250 ok\r\r\n"), 0, STAYS },
	{ "a NUL", LOST, OCTETS("250 o\0k\r\n"), 0, STAYS },
	{ "a NUL first", LOST,
	    OCTETS("\0"
		   "250 ok\r\n"),
	    0, STAYS },
	{ "octets of no text", LOST, OCTETS("\xff\xfe\x80\x81\x00\x01\r\n"), 0,
	    STAYS },
	{ "UTF-16", LOST, OCTETS("2\0005\0000\0 \0o\0k\0\r\0\n\0"), 0, STAYS },
	{ "a TLS record", LOST,
	    OCTETS("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n"), 0, STAYS },
	{ "an answer of HTTP", LOST, OCTETS("HTTP/1.1 400 Bad Request\r\n\r\n"),
	    0, STAYS },
	{ "escapes of a terminal, no code", LOST,
	    OCTETS("\x1b[2J\x1b]0;x\x07\r\n"), 0, STAYS },
	{ "a line without an end", LOST, OCTETS(LINE_50), 400, STAYS },
	{ "a line that is too long", LOST, OCTETS("250 " LINE_50 LINE_50), 30,
	    STAYS },
	{ "lines without an end", LOST, OCTETS("250-x\r\n"), 2000, STAYS },
	{ "too much text", LOST,
	    OCTETS("250-" LINE_50 LINE_50 LINE_50 LINE_50 "\r\n"), 95, STAYS },
	{ "nothing, and a close", LOST, OCTETS(""), 0, CLOSES },
	{ "nothing, and a reset", LOST, OCTETS(""), 0, RESETS },
	{ "half a code, and a close", LOST, OCTETS("25"), 0, CLOSES },
	{ "half a line, and a close", LOST, OCTETS("250 o"), 0, CLOSES },
	{ "a line without LF, and a close", LOST, OCTETS("250 ok\r"), 0,
	    CLOSES },
	{ "half a reply, and a close", LOST, OCTETS("250-a\r\n"), 0, CLOSES },
	{ "half a refusal, and a close", LOST, OCTETS("550-a\r\n"), 0, CLOSES },
	{ "a refusal", REFUSED, OCTETS("550 no\r\n"), 0, STAYS },
	{ "a refusal without text", REFUSED, OCTETS("550\r\n"), 0, STAYS },
	{ "a refusal of many lines", REFUSED,
	    OCTETS("550-no\r\n550-and\r\n550 no\r\n"), 0, STAYS },
	{ "a refusal with escapes", REFUSED,
	    OCTETS("550 \x1b[2J\x1b]0;x\x07\x08\x7f no\r\n"), 0, STAYS },
	{ "a refusal with C1 controls", REFUSED,
	    OCTETS("550 \x9b"
		   "2J \xc2\x9b"
		   "31m \xe2\x80\xae no\r\n"),
	    0, STAYS },
	{ "a refusal that looks like a line of a log", REFUSED,
	    OCTETS("550 no\" event=delivered id=\"x\r\n"), 0, STAYS },
	{ "421", BYE, OCTETS("421 bye\r\n"), 0, CLOSES },
	{ "421 without text", BYE, OCTETS("421\r\n"), 0, CLOSES },
	{ "421 of many lines", BYE, OCTETS("421-a\r\n421 b\r\n"), 0, CLOSES },
	{ "421 that stays", BYE, OCTETS("421 4.3.2 bye\r\n"), 0, STAYS },
	{ "a reply of the wrong class", WRONG, NULL, 0, 0, STAYS },
	{ "a wrong one, and a close", WRONG, NULL, 0, 0, CLOSES },
	{ "two replies at once", TWICE, NULL, 0, 0, STAYS },
};
const size_t matrix_faults_n = sizeof(matrix_faults) / sizeof(matrix_faults[0]);

/*
 * Before the end of the message may have left, what was not refused is put off,
 * and no copy is at the server.  From then on an answer that is lost leaves it
 * uncertain, and the server has the one copy.
 */
#define FAILS(kind, how) [kind] = { NULL, "failed " how, 0 }
#define PUT_OFF(kind, code) \
	[kind] = { "deferred connection " code, \
		"closed deferred connection " code, 0 }
#define UNSURE(kind) \
	[kind] = { "uncertain message 0", "closed uncertain connection 0", 1 }
#define REFUSES(s, n) \
	[REFUSED] = { "rejected " s " 550", "closed untried connection 0", n }
#define HAS_ONE(kind, code) \
	[kind] = { "deferred connection " code, \
		"closed deferred connection " code, 1 }
#define TAKEN(kind) \
	[kind] = { "delivered message 250", "closed untried connection 250", 1 }
#define NO_MATTER(kind) [kind] = { NULL, "closed untried connection 0", 1 }

/* clang-format off */
#define BEFORE_SIGN_IN { FAILS(LOST, "deferred connection 0"), \
	FAILS(REFUSED, "deferred connection 550"), \
	FAILS(BYE, "deferred connection 421"), \
	FAILS(WRONG, "deferred connection 0"), \
	FAILS(TWICE, "deferred connection 0") }
#define SIGN_IN { FAILS(LOST, "deferred connection 0"), \
	FAILS(REFUSED, "rejected account 550"), \
	FAILS(BYE, "deferred connection 421"), \
	FAILS(WRONG, "deferred connection 0"), \
	FAILS(TWICE, "deferred connection 0") }

static const struct expected table[PLACES][TWICE + 1] = {
	[GREETING] = BEFORE_SIGN_IN,
	[EHLO] = BEFORE_SIGN_IN,
	[STARTTLS] = BEFORE_SIGN_IN,
	[EHLO_TLS] = BEFORE_SIGN_IN,
	[AUTH] = SIGN_IN,
	[AUTH_USER] = SIGN_IN,
	[AUTH_PASSWORD] = { FAILS(LOST, "deferred connection 0"),
		FAILS(REFUSED, "rejected account 550"),
		FAILS(BYE, "deferred connection 421"),
		FAILS(WRONG, "deferred connection 0"),
		/* signed in; what it says then belongs to nothing */
		[TWICE] = { NULL, "closed deferred connection 0", 0 } },
	[MAIL] = { PUT_OFF(LOST, "0"), REFUSES("message", 0),
		PUT_OFF(BYE, "421"), PUT_OFF(WRONG, "0"), PUT_OFF(TWICE, "0") },
	[RCPT] = { PUT_OFF(LOST, "0"), REFUSES("recipient", 0),
		PUT_OFF(BYE, "421"), PUT_OFF(WRONG, "0"), PUT_OFF(TWICE, "0") },
	[DATA] = { PUT_OFF(LOST, "0"), REFUSES("message", 0),
		PUT_OFF(BYE, "421"), PUT_OFF(WRONG, "0"), PUT_OFF(TWICE, "0") },
	[DOT] = { UNSURE(LOST), REFUSES("message", 1), HAS_ONE(BYE, "421"),
		UNSURE(WRONG), TAKEN(TWICE) },
	/* The second message, of which no copy is there. */
	[MAIL_AGAIN] = {
		[LOST] = { "untried connection 0",
			"closed untried connection 0", 1 },
		REFUSES("message", 1),
		[BYE] = { "untried connection 421",
			"closed untried connection 421", 1 },
		HAS_ONE(WRONG, "0"), HAS_ONE(TWICE, "0") },
	/* It is over, and was told before. */
	[QUIT] = { NO_MATTER(LOST), NO_MATTER(REFUSED), NO_MATTER(BYE),
		NO_MATTER(WRONG), NO_MATTER(TWICE) },
	[FLIGHT_MAIL] = { UNSURE(LOST), REFUSES("message", 1),
		HAS_ONE(BYE, "421"), UNSURE(WRONG), TAKEN(TWICE) },
	[FLIGHT_RCPT] = { UNSURE(LOST), REFUSES("recipient", 1),
		HAS_ONE(BYE, "421"), UNSURE(WRONG), TAKEN(TWICE) },
	[FLIGHT_DOT] = { UNSURE(LOST), REFUSES("message", 1),
		HAS_ONE(BYE, "421"), UNSURE(WRONG), TAKEN(TWICE) },
};
/* clang-format on */

struct expected
matrix_expected(enum place at, enum kind kind)
{
	return table[at][kind];
}
