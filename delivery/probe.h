/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_PROBE_H
#define DELIVERY_PROBE_H

struct session;

/*
 * Says the envelope of a message to the mailbox itself, from each address that
 * the account may send as, and takes it back: MAIL, RCPT, RSET.  No mail comes
 * of it.  What the server made of it is in s->ready.probe; a refusal is no
 * failure of the session, unless the server ends it.
 *
 * It shows less than one would like: Exchange Online takes any address in MAIL,
 * and refuses a foreign one (Send As) after the data only.
 */
void probe_run(struct session *s);

#endif
