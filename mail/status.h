/* SPDX-License-Identifier: ISC */
#ifndef MAIL_STATUS_H
#define MAIL_STATUS_H

#include "common/err.h"

/*
 * Enhanced status codes (RFC 3463), "class.subject.detail".
 */

/*
 * Reads the code that begins the text of a reply of that SMTP code (RFC 2034):
 * "5.1.1 User unknown".  0 with out filled; -1 with out empty when the text
 * begins with none, or with one of another class than the reply's.
 */
int status_parse(unsigned code, const char *text, char out[ERR_STATUS_MAX]);

/* The code for a reply that brought none: "4.0.0", "5.0.0", "2.0.0". */
const char *status_default(unsigned code);

/* ERR_TEMP for 4.y.z, ERR_PERM for 5.y.z, ERR_NONE for 2.y.z; else ERR_TEMP. */
enum err_class status_class(const char *status);

/*
 * What a code means in plain words, as a whole sentence for people; of an
 * unknown detail, what its subject means; never NULL.
 */
const char *status_text(const char *status);

#endif
