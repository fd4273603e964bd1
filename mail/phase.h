/* SPDX-License-Identifier: ISC */
#ifndef MAIL_PHASE_H
#define MAIL_PHASE_H

#include <stdint.h>

/*
 * Where a session stands: how long that may take, and what to call it.  The
 * limits follow RFC 5321 4.5.3.2; none is shorter than a few seconds, since
 * Exchange Online holds a refusal back for about five.
 */
enum phase {
	PHASE_CONNECT,
	PHASE_GREETING,
	PHASE_EHLO,
	PHASE_STARTTLS,
	PHASE_HANDSHAKE,
	PHASE_AUTH,
	PHASE_MAIL,
	PHASE_RCPT,
	PHASE_DATA,
	PHASE_BODY, /* each block of it */
	PHASE_FINAL,
	PHASE_RSET,
	PHASE_QUIT
};

/* Short, for listings: "RCPT TO". */
const char *phase_name(enum phase p);

/* By its name or the first word of that, case ignored; -1 when there is none.
 */
int phase_find(const char *word, enum phase *out);

/* For a sentence: "timed out while sending RCPT TO". */
const char *phase_doing(enum phase p);

int64_t phase_limit_ms(enum phase p);

#endif
