/* SPDX-License-Identifier: ISC */
/* The caller's name and full name. */
#include "config.h"

#include <ctype.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/identity.h"

#define FULL_NAME_MAX 256

void
identity_init(struct identity *id)
{
	id->login = NULL;
	id->full_name = NULL;
}

void
identity_clear(struct identity *id)
{
	free(id->login);
	free(id->full_name);
	identity_init(id);
}

/*
 * The gecos field up to its first comma; "&" there is the login name with a
 * capital, which is as old as the field.
 */
static char *
gecos_name(const char *gecos, const char *login)
{
	struct buf b;

	buf_init(&b, FULL_NAME_MAX);
	for (; *gecos != '\0' && *gecos != ','; gecos++) {
		if (*gecos != '&') {
			buf_putc(&b, *gecos);
			continue;
		}
		buf_putc(&b, (char)toupper((unsigned char)login[0]));
		if (login[0] != '\0')
			buf_puts(&b, login + 1);
	}
	return buf_steal(&b);
}

void
identity_set(struct identity *id, uid_t uid, const char *login,
    const char *gecos, const char *name)
{
	identity_clear(id);
	/* A container's uid often has no entry; some names fit no address. */
	if (login == NULL || addr_check(login, "5.1.7", NULL, NULL) == -1 ||
	    addr_domain(login) != NULL)
		id->login = xasprintf("uid%lu", (unsigned long)uid);
	else
		id->login = xstrdup(login);
	if (gecos != NULL && *gecos != '\0' && *gecos != ',')
		id->full_name = gecos_name(gecos, id->login);
	else
		id->full_name =
		    xstrndup(name == NULL ? "" : name, FULL_NAME_MAX);
}

void
identity_get(struct identity *id)
{
	uid_t uid = getuid();
	struct passwd *pw;

	if (id->login != NULL)
		return;
	pw = getpwuid(uid);
	identity_set(id, uid, pw == NULL ? NULL : pw->pw_name,
	    pw == NULL ? NULL : pw->pw_gecos, getenv("NAME"));
}
