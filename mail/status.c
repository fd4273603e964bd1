/* SPDX-License-Identifier: ISC */
/*
 * Enhanced status codes.  The sentences are ours: the registry's own ("Other
 * undefined status") help nobody who reads a bounce.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "mail/chars.h"
#include "mail/status.h"

/* Digits at p, at most 3 of them (RFC 3463 2), without a leading zero. */
static size_t
number_length(const char *p)
{
	size_t n = 0;

	while (n < 4 && char_is_digit(p[n]))
		n++;
	return n > 3 || (n > 1 && p[0] == '0') ? 0 : n;
}

int
status_parse(unsigned code, const char *text, char out[ERR_STATUS_MAX])
{
	size_t subject, detail;

	out[0] = '\0';
	if ((text[0] != '2' && text[0] != '4' && text[0] != '5') ||
	    (unsigned)(text[0] - '0') != code / 100 || text[1] != '.')
		return -1;
	subject = number_length(text + 2);
	if (subject == 0 || text[2 + subject] != '.')
		return -1;
	detail = number_length(text + 3 + subject);
	if (detail == 0 || (text[3 + subject + detail] != '\0' &&
			       !char_is_white(text[3 + subject + detail])))
		return -1;
	snprintf(
	    out, ERR_STATUS_MAX, "%.*s", (int)(3 + subject + detail), text);
	return 0;
}

const char *
status_default(unsigned code)
{
	if (code / 100 == 2)
		return "2.0.0";
	return code / 100 == 5 ? "5.0.0" : "4.0.0";
}

enum err_class
status_class(const char *status)
{
	if (strncmp(status, "5.", 2) == 0)
		return ERR_PERM;
	return strncmp(status, "2.", 2) == 0 ? ERR_NONE : ERR_TEMP;
}

/* By subject and detail; the first row of a subject serves its others. */
static const struct {
	const char *code, *text;
} meanings[] = {
	{ "1.0", "There is something wrong with the address." },
	{ "1.1", "The mailbox does not exist." },
	{ "1.2", "The domain of the address does not exist or takes no mail." },
	{ "1.3", "The address is not written as an address must be." },
	{ "1.4", "The address stands for more than one mailbox." },
	{ "1.6", "The mailbox has moved, and nobody said where to." },
	{ "1.7", "The sender's address is not written as an address must be." },
	{ "1.8", "The domain of the sender's address does not exist." },
	{ "1.10", "The domain of the address says that it takes no mail." },
	{ "2.0", "There is something wrong with the mailbox." },
	{ "2.1", "The mailbox is disabled and takes no mail." },
	{ "2.2", "The mailbox is full." },
	{ "2.3", "The message is larger than the mailbox takes." },
	{ "2.4", "The mailing list could not be expanded." },
	{ "3.0", "The receiving system could not take the message." },
	{ "3.1", "The receiving system has no room for more mail." },
	{ "3.2", "The receiving system takes no mail at the moment." },
	{ "3.4", "The message is larger than the receiving system takes." },
	{ "4.0", "The message could not be carried to the next system." },
	{ "4.1", "The next system did not answer." },
	{ "4.2", "The connection to the next system was lost." },
	{ "4.3", "The name service could not be asked." },
	{ "4.4", "No way to the domain of the address was found." },
	{ "4.5", "The next system is too busy." },
	{ "4.6", "The message went in a circle between systems." },
	{ "4.7", "The message could not be delivered for too long." },
	{ "5.0", "The two systems did not understand each other." },
	{ "5.1", "The next system does not know a command that is needed." },
	{ "5.2", "The next system found a command malformed." },
	{ "5.3", "The message has more recipients than the system takes." },
	{ "6.0", "There is something wrong with the content of the message." },
	{ "6.1", "The content is of a kind that the system does not take." },
	{ "6.3", "The content had to be converted, and could not be." },
	{ "6.7", "The address needs internationalised mail, which the next "
		 "system does not offer." },
	{ "7.0", "The receiving system's policy does not admit the message." },
	{ "7.1", "The receiving system does not let this sender deliver the "
		 "message." },
	{ "7.3", "The system could not sign the sender in." },
	{ "7.8", "The sign-in was refused." },
};

const char *
status_text(const char *status)
{
	const char *code = strchr(status, '.'), *subject = NULL;
	size_t i, len;

	if (code == NULL)
		return "The message could not be delivered.";
	code++;
	len = strcspn(code, ".");
	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (strcmp(meanings[i].code, code) == 0)
			return meanings[i].text;
		if (subject == NULL &&
		    strncmp(meanings[i].code, code, len + 1) == 0)
			subject = meanings[i].text;
	}
	return subject != NULL ? subject
			       : "The message could not be delivered.";
}
