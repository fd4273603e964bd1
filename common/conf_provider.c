/* SPDX-License-Identifier: ISC */
/*
 * The clouds of Exchange Online.  Hosts are those of Microsoft's published
 * endpoint lists; many administrators in the US Government clouds use
 * smtp.office365.us, which is in no such list, and so have to say it
 * themselves.  The legacy endpoint exists in two clouds alone.
 */
#include "config.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "common/conf_provider.h"

static const struct conf_provider providers[] = {
	{ PROVIDER_OFFICE365, "office365", "smtp.office365.com",
	    "smtp-legacy.office365.com", "login.microsoftonline.com",
	    "https://outlook.office365.com/.default" },
	{ PROVIDER_OFFICE365_GCC_HIGH, "office365-gcc-high",
	    "outlook.office365.us", NULL, "login.microsoftonline.us",
	    "https://outlook.office365.us/.default" },
	{ PROVIDER_OFFICE365_DOD, "office365-dod", "outlook-dod.office365.us",
	    NULL, "login.microsoftonline.us",
	    "https://outlook-dod.office365.us/.default" },
	{ PROVIDER_OFFICE365_CHINA, "office365-china",
	    "smtp.partner.outlook.cn", "smtp-legacy.partner.outlook.cn",
	    "login.partner.microsoftonline.cn",
	    "https://partner.outlook.cn/.default" },
	{ PROVIDER_SMTP, "smtp", NULL, NULL, NULL, NULL },
};

const struct conf_provider *
conf_provider_get(enum provider p)
{
	assert(providers[p].provider == p);
	return &providers[p];
}

bool
provider_is_office365(enum provider p)
{
	return p != PROVIDER_SMTP;
}

bool
conf_provider_owns(const char *host)
{
	/* Each with its dot: "notoutlook.com" is not theirs. */
	static const char *const domains[] = { ".office365.com", ".outlook.com",
		".office.com", ".office365.us", ".outlook.cn", ".apps.mil",
		".azurecomm.net", ".mx.microsoft" };
	size_t i, n = strlen(host), d;

	/* A fully qualified name may end in a dot. */
	if (n > 0 && host[n - 1] == '.')
		n--;
	for (i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		d = strlen(domains[i]);
		if (n > d && strncasecmp(host + n - d, domains[i], d) == 0)
			return true;
	}
	return false;
}
