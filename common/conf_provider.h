/* SPDX-License-Identifier: ISC */
#ifndef COMMON_CONF_PROVIDER_H
#define COMMON_CONF_PROVIDER_H

#include <stdbool.h>

#include "common/conf.h"

/* What is known of each cloud; NULL where there is no such thing. */
struct conf_provider {
	enum provider provider;
	const char *name;
	const char *host; /* client submission, port 587 with STARTTLS */
	const char *legacy_host;
	const char *token_host; /* of the token endpoint */
	const char *scope;      /* of an application's own sign-in */
};
const struct conf_provider *conf_provider_get(enum provider p);

/* A submission host of Microsoft's, in any cloud. */
bool conf_provider_owns(const char *host);

#endif
