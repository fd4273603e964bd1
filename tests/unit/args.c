/* SPDX-License-Identifier: ISC */
/*
 * Command lines as programs write them, against what is understood.  A command
 * line is split at blanks; "''" is an empty word and "_" in a word a blank.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/xalloc.h"
#include "sendmail/args.h"

#define WORDS_MAX 32

static int
split(char *line, char *argv[WORDS_MAX + 1])
{
	char *word, *p;
	int n = 0;

	while ((word = strsep(&line, " ")) != NULL) {
		assert_true(n < WORDS_MAX);
		for (p = word; *p != '\0'; p++)
			if (*p == '_')
				*p = ' ';
		argv[n++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	argv[n] = NULL;
	return n;
}

static void
put_text(struct buf *b, const char *name, const char *value)
{
	if (value != NULL)
		buf_printf(b, " %s=%s", name, value);
}

/* What differs from a plain submission, then the operands behind a colon. */
static char *
describe(const struct args *a)
{
	static const char *const modes[] = { "submit", "list", "flush",
		"daemon", "aliases", "verify", "smtp", "nothing", "version",
		"help" };
	static const char *const daemons[] = { " background", " foreground",
		" interval" };
	static const char *const bodies[] = { "", " 7bit", " 8bit" };
	static const char *const rets[] = { "", " full", " hdrs" };
	static const char *const errors[] = { "", " mail", " quiet", " exit" };
	struct buf b;
	int i;

	buf_init(&b, 4096);
	buf_puts(&b, modes[a->mode]);
	if (a->mode == MODE_DAEMON)
		buf_puts(&b, daemons[a->daemon]);
	if (a->from_header)
		buf_puts(&b, " t");
	if (a->dot_is_text)
		buf_puts(&b, " i");
	if (a->no_aliases)
		buf_puts(&b, " n");
	put_text(&b, "f", a->sender);
	put_text(&b, "F", a->full_name);
	put_text(&b, "C", a->conf_path);
	put_text(&b, "V", a->envid);
	put_text(&b, "L", a->tag);
	put_text(&b, "qI", a->match_id);
	put_text(&b, "qR", a->match_rcpt);
	put_text(&b, "qS", a->match_sender);
	buf_puts(&b, bodies[a->body]);
	buf_puts(&b, rets[a->ret]);
	buf_puts(&b, errors[a->errors]);
	if (a->notify != 0)
		buf_printf(&b, " N=%u", a->notify);
	if (a->remarks.n > 0)
		buf_puts(&b, " remark");
	for (i = 0; i < a->noperands; i++)
		buf_printf(&b, "%s%s", i == 0 ? " :" : "|", a->operands[i]);
	return buf_steal(&b);
}

static const struct {
	const char *line;
	const char *expected; /* NULL: refused */
} cases[] = {
	/* as callers write them */
	{ "sendmail -FCronDaemon -i -B8BITMIME -oem root",
	    "submit i F=CronDaemon 8bit mail :root" },
	{ "sendmail -FAnacron -odi root", "submit F=Anacron :root" },
	{ "sendmail -i alice", "submit i :alice" },
	{ "sendmail -i -B8BITMIME a@b", "submit i 8bit :a@b" },
	{ "sendmail -i -B 8BITMIME a@b", "submit i 8bit :a@b" },
	{ "sendmail -FCronDaemon -i -odi -oem -oi -t -f cron@b",
	    "submit t i f=cron@b F=CronDaemon mail" },
	{ "sendmail -i -t", "submit t i" },
	{ "sendmail -oi -f alice@vm -t", "submit t i f=alice@vm" },
	{ "sendmail -i -- A B C", "submit i :A|B|C" },
	{ "sendmail -i -F Fancy -f env@x -- A", "submit i f=env@x F=Fancy :A" },
	{ "sendmail -oem -oi -- A B", "submit i mail :A|B" },
	{ "sendmail -oem -oi -N failure,delay -R hdrs -- A",
	    "submit i hdrs mail N=12 :A" },
	{ "sendmail -t -i -fX -ODeliveryMode=b", "submit t i f=X" },
	{ "sendmail -t -i -oi -fX -t", "submit t i f=X" },
	{ "/usr/lib/sendmail -t -oi -oem -fX", "submit t i f=X mail" },
	{ "sendmail -oi -oep -odi -t", "submit t i" },
	{ "sendmail -f root@vm root@localhost",
	    "submit f=root@vm :root@localhost" },
	{ "sendmail -oi -f '' A B", "submit i f= :A|B" },
	{ "sendmail -f <> -- A", "submit f=<> :A" },
	{ "sendmail -f<> -- A", "submit f=<> :A" },
	{ "sendmail -oi -odi -oem -N success,delay,failure -V00012345 -f X -- "
	  "A",
	    "submit i f=X V=00012345 mail N=14 :A" },
	{ "sendmail root", "submit :root" },
	{ "sendmail", "submit" },
	/* bundles, attached and separate arguments */
	{ "sendmail -ti", "submit t i" },
	{ "sendmail -it", "submit t i" },
	{ "sendmail -vt", "submit t" },
	{ "sendmail -tfbounce@x", "submit t f=bounce@x" },
	{ "sendmail -tf bounce@x a", "submit t f=bounce@x :a" },
	{ "sendmail -oit", "submit i" },
	{ "sendmail -o zzz a", "submit :a" },
	{ "sendmail -o i a", "submit i :a" },
	{ "sendmail -r a@b c", "submit f=a@b :c" },
	{ "sendmail -ra@b c", "submit f=a@b :c" },
	{ "sendmail -f a -f b c", "submit f=b :c" },
	{ "sendmail -F Two_Words a", "submit F=Two Words :a" },
	{ "sendmail -C /x a", "submit C=/x :a" },
	{ "sendmail -C/x a", "submit C=/x :a" },
	/* the end of options */
	{ "sendmail a -i", "submit :a|-i" },
	{ "sendmail -i a -t", "submit i :a|-t" },
	{ "sendmail -- -dash@x", "submit :-dash@x" },
	{ "sendmail - a", "submit :-|a" },
	{ "sendmail '' a", "submit :|a" },
	{ "sendmail -t --", "submit t" },
	/* RFC 3461: only xtext may leave */
	{ "sendmail -V a+2Bb a", "submit V=a+2Bb :a" },
	{ "sendmail -V a+b=c a", "submit remark :a" },
	{ "sendmail -V a=b a", "submit remark :a" },
	{ "sendmail -V a+2 a", "submit remark :a" },
	{ "sendmail -V a+ a", "submit remark :a" },
	{ "sendmail -V a+2b a", "submit remark :a" },
	{ "sendmail -N success,,delay a", "submit remark :a" },
	{ "sendmail -N delay, a", "submit remark :a" },
	/* taken and ignored */
	{ "sendmail -Am a", "submit :a" },
	{ "sendmail -A c a", "submit :a" },
	{ "sendmail -bm a", "submit :a" },
	{ "sendmail -b m a", "submit :a" },
	{ "sendmail -d0.1 a", "submit :a" },
	{ "sendmail -d a", "submit :a" },
	{ "sendmail -Dx a", "submit :a" },
	{ "sendmail -E a", "submit :a" },
	{ "sendmail -G -U -m -s -c -x -v a", "submit :a" },
	{ "sendmail -n a", "submit n :a" },
	{ "sendmail -tn", "submit t n" },
	{ "sendmail -h 5 a", "submit :a" },
	{ "sendmail -h5 a", "submit :a" },
	{ "sendmail -p ESMTP:host a", "submit :a" },
	{ "sendmail -X /tmp/log a", "submit :a" },
	{ "sendmail -X/var/www/x.php a", "submit :a" },
	{ "sendmail -odb -oo -om -o7 -o8 -oT3d -or1h a", "submit :a" },
	{ "sendmail -O QueueDirectory=/tmp a", "submit :a" },
	{ "sendmail -L tag a", "submit L=tag :a" },
	/* values */
	{ "sendmail -B7bit a", "submit 7bit :a" },
	{ "sendmail -B BINARY a", "submit remark :a" },
	{ "sendmail -N never a", "submit N=1 :a" },
	{ "sendmail -Nsuccess a", "submit N=2 :a" },
	{ "sendmail -N never,success a", "submit remark :a" },
	{ "sendmail -N , a", "submit remark :a" },
	{ "sendmail -N failure, a", "submit remark :a" },
	{ "sendmail -R full a", "submit full :a" },
	{ "sendmail -Rx a", "submit remark :a" },
	{ "sendmail -V a_b a", "submit remark :a" },
	{ "sendmail -V '' a", "submit remark :a" },
	{ "sendmail -oee a", "submit exit :a" },
	{ "sendmail -oeq a", "submit quiet :a" },
	{ "sendmail -oew a", "submit mail :a" },
	{ "sendmail -eq a", "submit quiet :a" },
	{ "sendmail -em -ep a", "submit :a" },
	{ "sendmail -oez a", "submit remark :a" },
	{ "sendmail -O ErrorMode=mail a", "submit mail :a" },
	{ "sendmail -OErrorMode=q a", "submit quiet :a" },
	/* modes */
	{ "mailq", "list" },
	{ "/usr/bin/mailq -v", "list" },
	{ "sendmail -bp", "list" },
	{ "sendmail -bp -q", "list" },
	{ "newaliases", "aliases" },
	{ "hoststat", "nothing" },
	{ "/usr/bin/purgestat", "nothing" },
	{ "sendmail -bi", "aliases" },
	{ "sendmail -I", "aliases" },
	{ "sendmail -bv a b", "verify :a|b" },
	{ "sendmail -bh", "nothing" },
	{ "sendmail -bH", "nothing" },
	{ "sendmail --version", "version" },
	{ "sendmail --help", "help" },
	{ "sendmail -q", "flush" },
	{ "sendmail -q -v", "flush" },
	{ "sendmail -qf", "flush" },
	{ "sendmail -qI0193A", "flush qI=0193A" },
	{ "sendmail -qRexample.com", "flush qR=example.com" },
	{ "sendmail -qSroot", "flush qS=root" },
	{ "sendmail -q!Rexample.com", "flush" },
	{ "sendmail -q30m", "daemon interval" },
	{ "sendmail -q1h30m", "daemon interval" },
	{ "sendmail -q30", "daemon interval" },
	{ "sendmail -bd", "daemon background" },
	{ "sendmail -bd -q30m", "daemon background" },
	{ "sendmail -q30m -bd", "daemon background" },
	{ "sendmail -bD", "daemon foreground" },
	{ "sendmail -bs", "smtp" },
	{ "sendmail -bs -odb -oem", "smtp mail" },
	{ "sendmail -bs -odb -oem -om -C f -L t", "smtp C=f L=t mail" },
	{ "sendmail -bs -q", "smtp" },
	{ "sendmail -bs -q30m", "smtp" },
	/* refused */
	{ "sendmail -f", NULL },
	{ "sendmail -i -F", NULL },
	{ "sendmail -C", NULL },
	{ "sendmail -o", NULL },
	{ "sendmail -b", NULL },
	{ "sendmail -bt", NULL },
	{ "sendmail -bz", NULL },
	{ "sendmail -bP", NULL },
	{ "sendmail -bmm a", NULL },
	{ "sendmail -b '' a", NULL },
	{ "sendmail -Z a", NULL },
	{ "sendmail -iZ a", NULL },
	{ "sendmail -a a", NULL },
	{ "sendmail -\303\244 a", NULL },
	{ "sendmail --foo a", NULL },
	{ "sendmail --version a", NULL },
	{ "sendmail -i --help", NULL },
	{ "sendmail -J a", NULL },
	{ "sendmail -M x", NULL },
	{ "sendmail -Q a", NULL },
	{ "sendmail -T5d a", NULL },
	{ "sendmail -qGname", NULL },
	{ "sendmail -qQ", NULL },
	{ "sendmail -qL", NULL },
	{ "sendmail -qp30m", NULL },
};

static void
command_lines(void **state)
{
	char *argv[WORDS_MAX + 1], *line, *got;
	struct args a;
	struct err e;
	size_t i;
	int argc, rc;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		line = xstrdup(cases[i].line);
		argc = split(line, argv);
		err_clear(&e);
		rc = args_parse(argc, argv, &a, &e);
		got = rc == -1 ? NULL : describe(&a);
		if (cases[i].expected == NULL && rc == 0)
			fail_msg("%s: taken as %s", cases[i].line, got);
		if (cases[i].expected != NULL &&
		    (rc == -1 || strcmp(got, cases[i].expected) != 0))
			fail_msg("%s: got %s, expected %s", cases[i].line,
			    rc == -1 ? e.text : got, cases[i].expected);
		if (rc == -1) {
			assert_int_equal(e.class, ERR_PERM);
			assert_string_equal(e.status, "5.5.4");
		}
		free(got);
		args_clear(&a);
		free(line);
	}
}

static void
called_without_a_name(void **state)
{
	char *argv[] = { NULL };
	struct args a;
	struct err e;

	(void)state;
	assert_int_equal(args_parse(0, argv, &a, &e), -1);
	args_clear(&a);
}

static void
refusals_say_what_to_do(void **state)
{
	char *m[] = { (char *)(uintptr_t) "sendmail", (char *)(uintptr_t) "-M1",
		NULL };
	char *f[] = { (char *)(uintptr_t) "sendmail", (char *)(uintptr_t) "-f",
		NULL };
	struct args a;
	struct err e;

	(void)state;
	assert_int_equal(args_parse(2, m, &a, &e), -1);
	assert_non_null(strstr(e.text, "sendmail -qI"));
	args_clear(&a);
	assert_int_equal(args_parse(2, f, &a, &e), -1);
	assert_string_equal(e.text, "option -f needs an argument");
	args_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_lines),
		cmocka_unit_test(called_without_a_name),
		cmocka_unit_test(refusals_say_what_to_do),
	};

	return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
