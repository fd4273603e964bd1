/* SPDX-License-Identifier: ISC */
/*
 * Who sends.  Anyone may name any sender: cron, PHP and list managers all do,
 * and what leaves is decided by the account's rewriting.  The caller's uid
 * goes with the submission whatever he says.
 */
#include "config.h"

#include <string.h>

#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/sender.h"

int
sender_check_argument(const char *what, const char *arg, struct err *e)
{
	const unsigned char *p = (const unsigned char *)arg;

	for (; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			return err_set(e, ERR_PERM, "5.1.7",
			    "%s holds a control character of value %u; nothing "
			    "was sent",
			    what, (unsigned)*p);
	return 0;
}

/* "", "<>" and the same with blanks. */
static bool
is_null_sender(const char *given)
{
	given += strspn(given, " ");
	if (strncmp(given, "<>", 2) == 0)
		given += 2;
	return given[strspn(given, " ")] == '\0';
}

int
sender_settle(struct envelope *env, const char *given, struct identity *caller,
    struct err *e)
{
	struct mailboxes m;
	bool is_utf8 = false;
	int rc = -1;

	if (given == NULL) {
		identity_get(caller);
		env->sender = xstrdup(caller->login);
		env->sender_is_local = true;
		return 0;
	}
	if (sender_check_argument("the sender given by -f", given, e) == -1)
		return -1;
	if (is_null_sender(given)) {
		env->sender = xstrdup("");
		return 0;
	}
	(void)mailboxes_parse(given, strlen(given), &m);
	if (m.n != 1 || m.bad.n > 0) {
		err_set(e, ERR_PERM, "5.1.7",
		    "the sender \"%s\" given by -f is not one address; nothing "
		    "was sent",
		    given);
		goto out;
	}
	if (addr_check(m.v[0].address, "5.1.7", &is_utf8, e) == -1) {
		err_prefix(e, "the sender given by -f");
		goto out;
	}
	env->sender = xstrdup(m.v[0].address);
	env->sender_is_local = addr_domain(env->sender) == NULL;
	env->smtputf8 = env->smtputf8 || is_utf8;
	rc = 0;
out:
	mailboxes_clear(&m);
	return rc;
}

void
sender_author(const struct envelope *env, struct identity *caller,
    const char *full_name, const char **address, const char **name)
{
	identity_get(caller);
	*address = env->sender[0] == '\0' ? caller->login : env->sender;
	*name = full_name == NULL ? caller->full_name : full_name;
}
