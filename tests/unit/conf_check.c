/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/conf.h"

#include "tests/unit/conf_help.h"

#define TEN "/abcdefghi"

static const struct conf_case refusals[] = {
	{ "[queue]\nsocket_directory = " TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
	  "\n" MAILBOX,
	    "f:2: socket_directory: the path is too long for a socket" },
	{ "[account]\nprovider = smtp\n", "provider = smtp needs a host" },
	{ MAILBOX "host = a.example b.example\n", "several hosts" },
	{ MAILBOX "host = 192.0.2.1\n", "host 192.0.2.1 is an address" },
	{ MAILBOX "host = 2001:db8::1\n", "host 2001:db8::1 is an address" },
	{ MAILBOX "host = a.example:0\n", "is not a host, or host:port" },
	{ MAILBOX "port = 465\n", "does not answer on port 465" },
	{ MAILBOX "host = smtp.office365.com:465\n", "answer on port 465" },
	{ MAILBOX "tls = implicit\n",
	    "smtp.office365.com has no implicit TLS" },
	{ SMTP "tls = none\n", "tls = none is for loopback alone" },
	{ "[account]\nprovider = smtp\nhost = localhost\ntls = none\n"
	  "user = a@b.example\npassword_file = p\n",
	    "f:4: [account]: with tls = none nothing signs in" },
	{ MAILBOX "provider = office365-gcc-high\nlegacy = fallback\n",
	    "office365-gcc-high has no legacy endpoint" },
	{ MAILBOX "provider = office365-dod\nlegacy = always\n",
	    "office365-dod has no legacy endpoint" },
	{ MAILBOX "legacy = fallback\ntls_min = 1.3\n", "use one of them" },
	{ MAILBOX "legacy = fallback\nlegacy_host = smtp.office365.com:587\n",
	    "legacy_host is a host of the account" },
	{ "[account]\nprovider = smtp\nhost = 127.0.0.1\ntls = none\n"
	  "legacy = always\nlegacy_host = 127.0.0.2\n",
	    "tls = none asks for none" },
	{ SMTP "legacy = fallback\n", "legacy needs a legacy_host" },
	{ MAILBOX "connections = 4\n", "is more than the 3" },
	{ MAILBOX "backoff_min = 1h\n", "longer than backoff_max" },
	{ "[account a]\nuser = a@b.example\ntoken_file = t\n"
	  "[account b]\nuser = a@b.example\ntoken_file = t\n",
	    "f:4: there are several named accounts and no plain" },
};

static void
refuses_what_cannot_work(void **state)
{
	(void)state;
	refuses_each(refusals, sizeof(refusals) / sizeof(refusals[0]));
}

static const struct conf_case oddities[] = {
	{ MAILBOX "rate = 31/1m\n",
	    "f:4: warning: [account]: rate is above the 30" },
	{ MAILBOX "rate = 1/1s\n", "rate is above the 30" },
	{ MAILBOX "rate = none\n", "rate is above the 30" },
	{ MAILBOX "legacy_host = a.example\n",
	    "f:4: warning: [account]: legacy_host has no effect with legacy = "
	    "off" },
	{ MAILBOX "legacy = off\nlegacy_host = a.example\n",
	    "f:5: warning: [account]: legacy_host has no effect with" },
	{ MAILBOX "auth = login\ntoken_file = t\n",
	    "token_file has no effect" },
	{ "[local]\nadmin = a@web01\n" MAILBOX, "itself a local name" },
	{ SMTP "tls = implicit\n", "tls = implicit on port 587" },
	{ SMTP, "local.admin is not set" },
	{ "[log]\nfile = /x\n" MAILBOX, "no effect without target = file" },
	{ "[queue]\nlifetime = 1h\n" MAILBOX, "over before delay_notice" },
};

static void
warns_of_what_is_hardly_meant(void **state)
{
	(void)state;
	warns_of_each(oddities, sizeof(oddities) / sizeof(oddities[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_cannot_work),
		cmocka_unit_test(warns_of_what_is_hardly_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
