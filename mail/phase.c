/* SPDX-License-Identifier: ISC */
/* The table of phases. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "mail/phase.h"

#define SECONDS 1000
#define MINUTES (60 * SECONDS)

static const struct {
	const char *name;
	const char *doing;
	int64_t limit_ms;
} phases[] = {
	[PHASE_CONNECT] = { "connect", "while connecting", 30 * SECONDS },
	[PHASE_GREETING] = { "greeting", "while waiting for the greeting",
	    5 * MINUTES },
	[PHASE_EHLO] = { "EHLO", "while performing the EHLO handshake",
	    5 * MINUTES },
	[PHASE_STARTTLS] = { "STARTTLS", "while asking for TLS", 5 * MINUTES },
	[PHASE_HANDSHAKE] = { "TLS handshake", "in the TLS handshake",
	    1 * MINUTES },
	[PHASE_AUTH] = { "AUTH", "while signing in", 5 * MINUTES },
	[PHASE_MAIL] = { "MAIL FROM", "while sending MAIL FROM", 5 * MINUTES },
	[PHASE_RCPT] = { "RCPT TO", "while sending RCPT TO", 5 * MINUTES },
	[PHASE_DATA] = { "DATA", "while sending the DATA command",
	    2 * MINUTES },
	[PHASE_BODY] = { "message body", "while sending the message body",
	    3 * MINUTES },
	[PHASE_FINAL] = { "end of data",
	    "after the end of data (the message may be sent twice)",
	    10 * MINUTES },
	[PHASE_RSET] = { "RSET", "while sending RSET", 5 * MINUTES },
	[PHASE_QUIT] = { "QUIT", "while saying goodbye", 10 * SECONDS },
};

const char *
phase_name(enum phase p)
{
	return phases[p].name;
}

int
phase_find(const char *word, enum phase *out)
{
	size_t i, n = strlen(word);
	const char *name;

	for (i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		name = phases[i].name;
		if (n == 0 || strncasecmp(name, word, n) != 0 ||
		    (name[n] != '\0' && name[n] != ' '))
			continue;
		*out = (enum phase)i;
		return 0;
	}
	return -1;
}

const char *
phase_doing(enum phase p)
{
	return phases[p].doing;
}

int64_t
phase_limit_ms(enum phase p)
{
	return phases[p].limit_ms;
}
