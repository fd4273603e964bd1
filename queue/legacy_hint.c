/* SPDX-License-Identifier: ISC */
/* The words for what account.legacy does, and for what it will not do. */
#include "config.h"

#include <stdio.h>

#include "common/conf_provider.h"
#include "queue/legacy_hint.h"

#define OPT_IN "Set-TransportConfig -AllowLegacyTLSClients $true"
#define MEND \
	"Something between here and the server lowers the TLS version, or " \
	"this host's OpenSSL cannot do TLS 1.2: mend that. "

/* The server itself has said it, and account.legacy is off. */
static void
hint_off(const struct conf_account *a, char out[LEGACY_HINT_MAX])
{
	if (a->legacy_host != NULL)
		snprintf(out, LEGACY_HINT_MAX,
		    MEND "For TLS 1.0 and 1.1 there is %s, which the tenant "
			 "has to allow: " OPT_IN
			 "; then set account.legacy = fallback.",
		    a->legacy_host);
	else if (provider_is_office365(a->provider))
		snprintf(out, LEGACY_HINT_MAX,
		    MEND "Microsoft has no endpoint for TLS 1.0 and 1.1 in "
			 "this cloud, so account.legacy stays off.");
	else
		snprintf(out, LEGACY_HINT_MAX,
		    MEND "For a server's endpoint of TLS 1.0 and 1.1 there "
			 "are account.legacy and account.legacy_host.");
}

static void
hint_proved(const struct conf_account *a, char out[LEGACY_HINT_MAX])
{
	const char *blank = a->name[0] == '\0' ? "" : " ";

	snprintf(out, LEGACY_HINT_MAX,
	    "The server has spoken TLS 1.2 before, so that somebody between "
	    "here and there may be tampering: mail does not go to %s by "
	    "itself. If the server is known to have lost TLS 1.2, run "
	    "\"mailchute legacy on 24h%s%s\".",
	    a->legacy_host, blank, a->name);
}

bool
legacy_hint(const struct conf_account *a, enum legacy_event sign,
    enum legacy_move move, char out[LEGACY_HINT_MAX])
{
	if (sign != LEGACY_SAID_OLD && sign != LEGACY_SHOWED_OLD)
		return false;
	if (a->legacy == LEGACY_OFF) {
		hint_off(a, out);
		return sign == LEGACY_SAID_OLD;
	}
	switch (move) {
	case LEGACY_REFUSED:
		hint_proved(a, out);
		return true;
	case LEGACY_GOES:
		snprintf(out, LEGACY_HINT_MAX,
		    "From the next try on mail goes by %s, for an hour at most "
		    "(account.legacy); the tenant has to allow it: " OPT_IN
		    ". " MEND,
		    a->legacy_host);
		return true;
	case LEGACY_STAYS:
	case LEGACY_RETURNS:
		break;
	}
	snprintf(out, LEGACY_HINT_MAX,
	    MEND "After %d such tries in a row mail goes by %s "
		 "(account.legacy); the tenant has to allow it: " OPT_IN ".",
	    LEGACY_SIGNS, a->legacy_host);
	return true;
}
