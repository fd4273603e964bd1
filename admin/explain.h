/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_EXPLAIN_H
#define ADMIN_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/args.h"
#include "common/conf.h"
#include "common/envelope.h"
#include "common/err.h"
#include "common/source.h"
#include "mail/identity.h"
#include "mail/recipients.h"
#include "mail/targets.h"

/*
 * What would become of a message: the way of "sendmail -i", of mailchuted's
 * intake and of deliver, by the same functions, with nothing sent or written.
 */

/* Who sends it, as it stands there; NULL: there is no such field. */
enum explain_field {
	EXPLAIN_FROM,
	EXPLAIN_SENDER,
	EXPLAIN_REPLY_TO,
	EXPLAIN_ORIGINAL,
	EXPLAIN_FIELDS
};
struct explain_sender {
	char *envelope;
	char *field[EXPLAIN_FIELDS];
};
extern const char *const explain_field_names[EXPLAIN_FIELDS];

/* What a server might not take as it is. */
struct explain_form {
	bool header_is_odd; /* octets beyond ASCII in it, or long lines */
	bool body_is_8bit, body_is_long;
	size_t parts;      /* encoded whatever the server offers */
	size_t parts_7bit; /* encoded where it has no 8BITMIME */
	bool breaks_signed;
};

struct explain {
	const struct conf *conf;
	uid_t uid;
	struct identity caller;
	struct envelope env;
	struct recipients rcpts;
	const struct conf_account *account; /* NULL: none may be used */
	char *why;                          /* it is that one */
	struct expanded *targets;
	struct strlist notes; /* of the aliases */
	struct explain_sender before, after;
	uint64_t size;
	struct explain_form form;
	struct err refused; /* by sendmail or by mailchuted; or ERR_NONE */
	struct err fails;   /* once it was taken; or ERR_NONE */
};

/*
 * Reads the message and finds out all of it; what cannot be sent has refused
 * filled, and as much of the rest as can be told.
 */
void explain_message(struct explain *x, const struct args *a,
    const struct conf *c, const struct source *from);
void explain_clear(struct explain *x);

/* How many transactions the recipients need. */
size_t explain_transactions(const struct explain *x);

void explain_print(const struct explain *x);
void explain_print_json(const struct explain *x, int status);

#endif
