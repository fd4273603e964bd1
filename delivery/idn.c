/* SPDX-License-Identifier: ISC */
/* Internationalised domains, by libidn2. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include <idn2.h>

#include "common/xalloc.h"
#include "delivery/idn.h"

bool
idn_is_needed(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return true;
	return false;
}

char *
idn_to_ascii(const char *domain)
{
	uint8_t *found = NULL;
	char *copy;

	if (!idn_is_needed(domain))
		return xstrdup(domain);
	if (idn2_lookup_u8((const uint8_t *)domain, &found,
		IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return NULL;
	copy = xstrdup((const char *)found);
	idn2_free(found);
	return copy;
}
