/* SPDX-License-Identifier: ISC */
/*
 * Who gets the message.  A list may be long and is a stranger's to choose, so
 * finding a double takes a hash table and not a search, with a key that the
 * stranger does not know.
 */
#include "config.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/proto_submit.h"
#include "common/utf8.h"
#include "common/xalloc.h"
#include "mail/addr.h"
#include "mail/recipients.h"

#define SLOTS_FIRST 64
#define BAD_MAX     300 /* octets kept of a malformed address */

void
recipients_init(struct recipients *r, struct envelope *env, unsigned notify)
{
	memset(r, 0, sizeof(*r));
	r->env = env;
	r->notify = notify;
}

void
recipients_clear(struct recipients *r)
{
	strlist_clear(&r->bad);
	free(r->slots);
	recipients_init(r, r->env, r->notify);
}

/* Of the address without regard to case, as addr_equal compares. */
static uint64_t
hash(const struct recipients *r, const char *address)
{
	char folded[ADDR_MAX];
	size_t n;

	for (n = 0; n < sizeof(folded) && address[n] != '\0'; n++)
		folded[n] = (char)tolower((unsigned char)address[n]);
	return siphash(r->key, folded, n);
}

/* The slot that holds this address, or the empty one where it belongs. */
static size_t *
find_slot(const struct recipients *r, const char *address)
{
	size_t i = hash(r, address) & (r->nslots - 1);

	while (r->slots[i] != 0 &&
	       !addr_equal(r->env->rcpts[r->slots[i] - 1].address, address))
		i = (i + 1) & (r->nslots - 1);
	return &r->slots[i];
}

/* At most half of the slots are ever taken. */
static void
make_room(struct recipients *r)
{
	size_t i;

	if (r->env->nrcpts < r->nslots / 2)
		return;
	/* Without a random key the table is right all the same. */
	if (r->nslots == 0 && getentropy(r->key, sizeof(r->key)) == -1)
		memset(r->key, 0, sizeof(r->key));
	free(r->slots);
	r->nslots = r->nslots == 0 ? SLOTS_FIRST : r->nslots * 2;
	r->slots = xcalloc(r->nslots, sizeof(*r->slots));
	for (i = 0; i < r->env->nrcpts; i++)
		*find_slot(r, r->env->rcpts[i].address) = i + 1;
}

static void
add_bad(struct recipients *r, const char *address, const char *why)
{
	/* What is no address may be a megabyte of anything. */
	char *text = xasprintf("%.*s: %s", BAD_MAX, address, why);

	strlist_add(&r->bad, text);
	free(text);
}

/*
 * What a local name is handed over as, for the caller to free.  Aliases are
 * the daemon's affair; it knows "\\name" for a name that is none.
 */
static char *
final_name(const struct recipients *r, const char *address)
{
	const char *domain = addr_domain(address);
	size_t n =
	    domain == NULL ? strlen(address) : (size_t)(domain - address) - 1;

	if (r->final == NULL || address[0] == '\\' || address[0] == '"' ||
	    (domain != NULL && !strlist_has(r->final, domain)))
		return xstrdup(address);
	return xasprintf("\\%.*s", (int)n, address);
}

static int
too_many(struct err *e)
{
	return err_set(e, ERR_PERM, "5.5.3",
	    "more than %d recipients; send the message in parts",
	    SUBMIT_RCPTS_MAX);
}

struct envelope_rcpt *
recipients_put(
    struct recipients *r, const char *address, bool *is_new, struct err *e)
{
	struct envelope_rcpt *rcpt;
	size_t *slot;

	make_room(r);
	slot = find_slot(r, address);
	*is_new = *slot == 0;
	if (!*is_new)
		return &r->env->rcpts[*slot - 1];
	if (r->env->nrcpts == SUBMIT_RCPTS_MAX) {
		too_many(e);
		return NULL;
	}
	rcpt = envelope_add(r->env, address);
	rcpt->is_local = addr_domain(address) == NULL;
	rcpt->notify = r->notify;
	*slot = r->env->nrcpts;
	if (!utf8_is_ascii(address, strlen(address)))
		r->env->smtputf8 = true;
	return rcpt;
}

bool
recipients_has(const struct recipients *r, const char *address)
{
	return r->nslots > 0 && *find_slot(r, address) != 0;
}

static int
add_one(struct recipients *r, const char *address, struct err *e)
{
	struct err why;
	bool is_new;
	char *name;
	int rc;

	if (addr_check(address, "5.1.3", NULL, &why) == -1) {
		add_bad(r, address, why.text);
		return 0;
	}
	name = final_name(r, address);
	rc = recipients_put(r, name, &is_new, e) == NULL ? -1 : 0;
	free(name);
	return rc;
}

int
recipients_add(struct recipients *r, const char *list, struct err *e)
{
	struct mailboxes m;
	size_t i;
	int rc = 0;

	if (mailboxes_parse(list, strlen(list), &m) == -1)
		rc = too_many(e);
	for (i = 0; rc == 0 && i < m.n; i++)
		rc = add_one(r, m.v[i].address, e);
	for (i = 0; rc == 0 && i < m.bad.n; i++)
		add_bad(r, m.bad.v[i], "this is no address");
	mailboxes_clear(&m);
	return rc;
}

int
recipients_check(const struct recipients *r, struct err *e)
{
	if (r->env->nrcpts > 0)
		return 0;
	if (r->bad.n == 0)
		return err_set(e, ERR_PERM, "5.5.4",
		    "no recipients: name them on the command line, or use -t "
		    "to take them from To, Cc and Bcc");
	return err_set(e, ERR_PERM, "5.1.3",
	    "no recipient has a well-formed address; nothing was sent: %s",
	    r->bad.v[0]);
}
