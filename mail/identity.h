/* SPDX-License-Identifier: ISC */
#ifndef MAIL_IDENTITY_H
#define MAIL_IDENTITY_H

#include <sys/types.h>

/*
 * Who calls, by the kernel's word: never by LOGNAME or USER.  Looked up when
 * it is first needed, since the name service is slow.
 */
struct identity {
	char *login;     /* fit for a local part; NULL: not yet looked up */
	char *full_name; /* of NAME or the passwd entry; may be "" */
};

void identity_init(struct identity *id);
void identity_clear(struct identity *id);

/* Looks up the caller, unless that was done. */
void identity_get(struct identity *id);

/*
 * The same from what a look-up gave: login and gecos are NULL where there is no
 * entry, name is the environment's NAME or NULL.
 */
void identity_set(struct identity *id, uid_t uid, const char *login,
    const char *gecos, const char *name);

#endif
