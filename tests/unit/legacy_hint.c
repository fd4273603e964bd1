/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "queue/legacy_hint.h"

static char legacy_host[] = "smtp-legacy.partner.outlook.cn";
static char plain[] = "", named[] = "printers";

static const struct row {
	enum provider provider;
	const char *name;
	const char *host; /* NULL: no legacy host */
	enum legacy_mode mode;
	enum legacy_event sign;
	enum legacy_move move;
	const char *says[3]; /* none: no hint */
} rows[] = {
	{ PROVIDER_OFFICE365_CHINA, plain, legacy_host, LEGACY_OFF,
	    LEGACY_SAID_OLD, LEGACY_STAYS,
	    { "smtp-legacy.partner.outlook.cn",
		"Set-TransportConfig -AllowLegacyTLSClients $true",
		"account.legacy = fallback" } },
	{ PROVIDER_OFFICE365_DOD, plain, NULL, LEGACY_OFF, LEGACY_SAID_OLD,
	    LEGACY_STAYS, { "no endpoint for TLS 1.0" } },
	{ PROVIDER_SMTP, plain, NULL, LEGACY_OFF, LEGACY_SAID_OLD, LEGACY_STAYS,
	    { "account.legacy_host" } },
	{ PROVIDER_OFFICE365, plain, legacy_host, LEGACY_OFF, LEGACY_SHOWED_OLD,
	    LEGACY_STAYS, { NULL } },
	{ PROVIDER_OFFICE365, plain, legacy_host, LEGACY_FALLBACK,
	    LEGACY_FAILED, LEGACY_STAYS, { NULL } },
	{ PROVIDER_OFFICE365, plain, legacy_host, LEGACY_FALLBACK,
	    LEGACY_SAID_OLD, LEGACY_STAYS,
	    { "After 3 such tries", legacy_host } },
	{ PROVIDER_OFFICE365, plain, legacy_host, LEGACY_FALLBACK,
	    LEGACY_SHOWED_OLD, LEGACY_GOES,
	    { "From the next try on", legacy_host, "-AllowLegacyTLSClients" } },
	{ PROVIDER_OFFICE365, plain, legacy_host, LEGACY_FALLBACK,
	    LEGACY_SHOWED_OLD, LEGACY_REFUSED,
	    { "\"mailchute legacy on 24h\"", "tampering" } },
	{ PROVIDER_OFFICE365, named, legacy_host, LEGACY_FALLBACK,
	    LEGACY_SHOWED_OLD, LEGACY_REFUSED,
	    { "\"mailchute legacy on 24h printers\"" } },
};

static void
each_cause_has_its_words(void **state)
{
	char out[LEGACY_HINT_MAX];
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		char name[16], host[64];
		struct conf_account a = { .provider = r->provider,
			.legacy = r->mode };

		snprintf(name, sizeof(name), "%s", r->name);
		a.name = name;
		if (r->host != NULL) {
			snprintf(host, sizeof(host), "%s", r->host);
			a.legacy_host = host;
		}
		assert_int_equal(
		    legacy_hint(&a, r->sign, r->move, out), r->says[0] != NULL);
		for (k = 0; k < 3 && r->says[k] != NULL; k++)
			if (strstr(out, r->says[k]) == NULL)
				fail_msg("row %zu: \"%s\" lacks \"%s\"", i, out,
				    r->says[k]);
	}
}

/* Every hint has room, the longest names too. */
static void
a_long_host_is_no_overrun(void **state)
{
	char host[254], out[LEGACY_HINT_MAX];
	struct conf_account a = {
		.legacy = LEGACY_FALLBACK, .name = named, .legacy_host = host
	};
	unsigned move;

	(void)state;
	memset(host, 'a', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	for (move = LEGACY_STAYS; move <= LEGACY_REFUSED; move++) {
		assert_true(legacy_hint(&a, LEGACY_SHOWED_OLD, move, out));
		assert_true(strlen(out) < sizeof(out));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cause_has_its_words),
		cmocka_unit_test(a_long_host_is_no_overrun),
	};

	return cmocka_run_group_tests_name("legacy_hint", tests, NULL, NULL);
}
