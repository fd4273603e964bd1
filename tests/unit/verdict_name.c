/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/verdict.h"

#define FIX        "Add-RecipientPermission -Identity FROM -Trustee MAILBOX."
#define BOX        "alerts@contoso.com"
#define SAID(from) "SendAsDenied; " BOX " not allowed to send as " from

static const struct {
	const char *text, *mailbox, *from, *fix;
} cases[] = {
	{ "", BOX, "boss@contoso.com",
	    "Add-RecipientPermission -Identity boss@contoso.com -Trustee " BOX
	    "." },
	/* The reply knows best which address it refused. */
	{ SAID("x.y+z@contoso.com; STOREDRV"), BOX, "boss@contoso.com",
	    "Add-RecipientPermission -Identity x.y+z@contoso.com -Trustee " BOX
	    "." },
	{ SAID("x@contoso.com."), BOX, NULL,
	    "Add-RecipientPermission -Identity x@contoso.com -Trustee " BOX
	    "." },
	{ "", NULL, NULL, FIX },
	{ "", "", "", FIX },
	/* Nobody's address becomes a command, or an option. */
	{ SAID("$(calc)@contoso.com"), BOX, NULL,
	    "Add-RecipientPermission -Identity FROM -Trustee " BOX "." },
	{ SAID("-Confirm@contoso.com"), BOX, "a;b@contoso.com",
	    "Add-RecipientPermission -Identity FROM -Trustee " BOX "." },
	{ "", BOX, "a'b@contoso.com",
	    "Add-RecipientPermission -Identity FROM -Trustee " BOX "." },
	{ "", BOX, "a b@contoso.com",
	    "Add-RecipientPermission -Identity FROM -Trustee " BOX "." },
	{ "", "no address", "@contoso.com", FIX },
	{ "", "a@b@c", "a@", FIX },
};

static void
names_stand_in_their_places(void **state)
{
	struct job_result r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&r, 0, sizeof(r));
		strlcpy(r.text, cases[i].text, sizeof(r.text));
		strlcpy(r.fix, FIX, sizeof(r.fix));
		verdict_name(&r, cases[i].mailbox, cases[i].from);
		assert_string_equal(r.fix, cases[i].fix);
	}
}

static void
words_that_only_begin_so_stay(void **state)
{
	struct job_result r;

	(void)state;
	memset(&r, 0, sizeof(r));
	strlcpy(r.fix, "MAILBOXES FROMAGE MAILBOX, xMAILBOX", sizeof(r.fix));
	verdict_name(&r, "a@b.c", "d@e.f");
	assert_string_equal(r.fix, "MAILBOXES FROMAGE a@b.c, xMAILBOX");
}

/* A name that does not fit is left out; nothing behind it is lost. */
static void
what_does_not_fit_stays_out(void **state)
{
	char address[255];
	struct job_result r;

	(void)state;
	memset(address, 'a', sizeof(address) - 1);
	memcpy(address + 100, "@", 1);
	address[254] = '\0';
	memset(&r, 0, sizeof(r));
	memset(r.fix, 'x', sizeof(r.fix) - 1);
	memcpy(r.fix, "MAILBOX and MAILBOX ", 20);
	memcpy(r.fix + 200, " the end", 9);
	verdict_name(&r, address, NULL);
	assert_int_equal(strncmp(r.fix, address, 254), 0);
	assert_true(strlen(r.fix) < sizeof(r.fix));
	assert_string_equal(r.fix + strlen(r.fix) - 8, " the end");
	assert_non_null(strstr(r.fix, "and MAILBOX "));
}

/* Each fix of the catalogue has room for the longest names there are. */
static void
every_fix_has_room(void **state)
{
	static const char box[] =
	    "a.mailbox.with.a.rather.long.name@subsidiary.contoso.example";
	const struct verdict_row *row;
	struct job_result r;
	size_t i;

	(void)state;
	for (i = 0; (row = verdict_row(i)) != NULL; i++) {
		memset(&r, 0, sizeof(r));
		strlcpy(r.fix, row->fix, sizeof(r.fix));
		verdict_name(&r, box, box);
		if (strstr(r.fix, "MAILBOX") != NULL ||
		    strstr(r.fix, "FROM") != NULL)
			fail_msg("no room in: %s", r.fix);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_stand_in_their_places),
		cmocka_unit_test(words_that_only_begin_so_stay),
		cmocka_unit_test(what_does_not_fit_stays_out),
		cmocka_unit_test(every_fix_has_room),
	};

	return cmocka_run_group_tests_name("verdict_name", tests, NULL, NULL);
}
