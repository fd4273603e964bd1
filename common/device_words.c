/* SPDX-License-Identifier: ISC */
/* Refusals in a few words: a table, of which the first row that fits counts. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "common/device_words.h"

/* clang-format off */
const struct device_words device_words[] = {
	/* At the door, said by mailchuted itself. */
	{ 554, "5.7.1", "listen.allow",
	    "Device address not allowed; ask admin",
	    "add its address or network to allow of [listen NAME]" },
	{ 421, "4.7.0", "client_connections",
	    "Too many connections of this device",
	    "let it send one job at a time, or raise client_connections of "
	    "[listen NAME]" },
	{ 421, "4.7.0", "listen.connections",
	    "Server busy; try again later",
	    "raise connections of [listen NAME]" },
	{ 421, "4.7.0", "all listeners",
	    "Server busy; try again later",
	    "512 are inside: see by mailchute devices who they are, and lower "
	    "client_connections of [listen NAME]" },
	{ 421, "4.3.2", "ends this session",
	    "Server restarting; send again",
	    "nothing: mailchuted stops, or has another configuration" },
	{ 421, "4.3.2", "does not answer",
	    "Server not ready; send again",
	    "an answer above says what was asked of mailchuted in vain; see "
	    "its log, unless it was restarted" },
	{ 421, "4.3.2", NULL,
	    "Server busy; try again later",
	    "give mailchuted more of what is short (LimitNOFILE=, TasksMax=, "
	    "memory), or lower connections of [listen NAME]" },
	{ 421, "4.7.0", "no certificate",
	    "No TLS here just now; try later",
	    "an error above says what is wrong with certificate_file or "
	    "key_file of [listen NAME]" },
	{ 421, "4.7.0", "connections within",
	    "Device connects too often; wait",
	    "see why it connects so often, or raise connection_rate of "
	    "[listen NAME]" },
	{ 421, "4.7.0", "wrong passwords",
	    "Wrong password too often; correct it",
	    "correct the user name and password in it; within ten minutes it "
	    "may try again" },

	/* Talk that is none. */
	{ 421, "4.7.0", "too many commands",
	    "Too many commands; check device setup",
	    "see what it says: set log_dialogue of [listen NAME] to it" },
	{ 421, "4.7.0", "commands in a row",
	    "Not SMTP; check port and protocol",
	    "something else than SMTP is spoken to the port of [listen NAME]; "
	    "set log_dialogue to it to see what" },
	{ 421, "4.7.0", "without being asked",
	    "Device did not wait; check its settings",
	    "it sent its message though it was refused: an answer above says "
	    "why; or turn off pipelining in it" },
	{ 421, "4.7.0", "refused went on",
	    "Refused, and it went on; see above",
	    "an answer above says why its message was refused; it did not stop "
	    "sending it" },
	{ 421, "4.7.0", "failures to sign in",
	    "Wrong password too often; correct it",
	    "correct the user name and password in it; until then it is slowed "
	    "down" },
	{ 421, "4.4.2", NULL,
	    "Nothing came for too long; send again",
	    "it stopped in its midst: look at the network, and at its queue" },
	{ 421, "4.3.0", NULL,
	    "Connection trouble; send again",
	    "look at the network between it and this host" },
	{ 554, "5.5.0", "STARTTLS",
	    "TLS start failed; check device TLS",
	    "something was said behind STARTTLS; if no attacker sits between, "
	    "update its software or set tls = none for it" },
	{ 554, "5.5.0", "greeting",
	    "Device spoke too early; try again",
	    "it does not wait for the greeting: no SMTP, or TLS where none is "
	    "spoken; tls = implicit of [listen NAME] is for that" },
	{ 503, "5.5.1", NULL,
	    "Commands out of order; check device",
	    "an answer above says what was refused before; set log_dialogue "
	    "of [listen NAME] to it to see all" },
	{ 502, "5.5.1", NULL,
	    "Command not offered here",
	    "turn off in it what it asks for, or turn it on in [listen NAME]" },
	{ 500, "5.5.2", NULL,
	    "Command not known; check device",
	    "set log_dialogue of [listen NAME] to it to see what it says" },
	{ 500, "5.5.6", NULL,
	    "Password line too long; check device",
	    "set its user name and password anew" },

	/* TLS and signing in. */
	{ 530, "5.7.0", "STARTTLS",
	    "Turn on TLS (STARTTLS) in this device",
	    "turn on STARTTLS in it, or set tls = starttls in [listen NAME], "
	    "which lets it do without" },
	{ 530, "5.7.0", NULL,
	    "Set user and password in this device",
	    "give it a user name and password of users_file, or set auth = "
	    "optional in [listen NAME]" },
	{ 454, "4.7.0", "wrong passwords",
	    "Wrong password too often; correct it",
	    "correct the user name and password in it; within ten minutes it "
	    "may try again" },
	{ 454, "4.7.0", NULL,
	    "No TLS or sign-in just now; try later",
	    "an error above says what is wrong with certificate_file, key_file "
	    "or users_file of [listen NAME]" },
	{ 535, "5.7.8", NULL,
	    "User or password wrong; set them anew",
	    "type them in again in the device, or change them with mailchute "
	    "passwd in users_file of [listen NAME]" },
	{ 538, "5.7.11", NULL,
	    "Turn on TLS to sign in",
	    "turn on STARTTLS in it: no password is taken in the clear" },
	{ 504, "5.5.4", NULL,
	    "Set sign-in to PLAIN or LOGIN",
	    "it signs in by another way than PLAIN and LOGIN; choose one of "
	    "them in it" },
	{ 501, "5.5.2", NULL,
	    "Sign-in malformed; check device",
	    "set its user name and password anew" },
	{ 501, "5.7.0", NULL,
	    "Sign-in was cancelled",
	    "set its user name and password anew" },

	/* Addresses. */
	{ 501, "5.1.7", NULL,
	    "Sender address invalid; correct it",
	    "set a whole address, such as scanner@example.com, as sender in "
	    "it" },
	{ 550, "5.1.7", NULL,
	    "Sender address invalid; correct it",
	    "set a whole address, such as scanner@example.com, as sender in "
	    "it" },
	{ 501, "5.1.3", NULL,
	    "Recipient address invalid; check it",
	    "correct the address in its address book" },
	{ 550, "5.1.3", NULL,
	    "Recipient address invalid; check it",
	    "correct the address in its address book" },
	{ 554, "5.5.1", NULL,
	    "No valid recipient; check the address",
	    "an answer above says what is wrong with each" },
	{ 550, "5.7.1", "no account may",
	    "Sender not allowed; ask admin",
	    "set account of [listen NAME], or let the users of an account be "
	    "all" },
	{ 550, "5.7.1", NULL,
	    "Sender not allowed; ask admin",
	    "add the address or its @domain to senders of [listen NAME], or "
	    "correct the sender in the device" },
	{ 452, "4.5.3", "recipients",
	    "Too many recipients; send to fewer",
	    "raise max_recipients of [listen NAME]" },
	{ 554, "5.5.3", NULL,
	    "Too many recipients; send to fewer",
	    "raise max_recipients of [listen NAME]" },

	/* Messages. */
	{ 451, "4.7.0", "too many messages",
	    "Too many messages; try again later",
	    "see why it sends so much, or raise rate of [listen NAME]" },
	{ 451, "4.7.0", "listen.allow",
	    "Device address not allowed; ask admin",
	    "add its address or network to allow of [listen NAME]" },
	{ 451, "4.7.0", "is closed",
	    "Server not ready; try again later",
	    "[listen NAME] has moved or is gone since it came: it has to "
	    "connect anew" },
	{ 451, "4.7.0", NULL,
	    "Server not ready; try again later",
	    "mailchuted restarts or reads its configuration: nothing, unless "
	    "it lasts" },
	{ 451, "4.3.2", NULL,
	    "Server not ready; try again later",
	    "mailchuted restarts: nothing, unless it lasts" },
	{ 451, "4.3.5", NULL,
	    "Server not ready; try again later",
	    "[listen NAME] is not there any more, or a file that it needs; an "
	    "error above says what" },
	{ 451, "4.4.2", NULL,
	    "Server not ready; try again later",
	    "mailchuted did not answer: see its log, and the disk" },
	{ 452, "4.5.3", NULL,
	    "Its mail still waits here; try later",
	    "see by mailchute status why mail waits; queue.uid_messages and "
	    "queue.uid_bytes bound what each device may have waiting" },
	{ 452, "4.3.1", NULL,
	    "Server disk full; try again later",
	    "make room on the disk of queue.directory" },
	{ 552, "5.3.4", NULL,
	    "Too large; scan fewer pages or lower dpi",
	    "scan with less resolution, or raise max_size of [listen NAME] "
	    "and queue.message_size_max" },
	{ 554, "5.6.0", "in CRLF",
	    "Message malformed; check device",
	    "set bare_newline = normalise in [listen NAME] if its lines end "
	    "in LF or CR alone" },
	{ 554, "5.6.0", NULL,
	    "Message malformed; check device",
	    "its message has what no mail has, as the reason says: update its "
	    "software, or look at what it is given to send" },
	{ 555, "5.5.4", NULL,
	    "Option not supported; check device",
	    "turn off in it what the reason names" },
	{ 501, "5.5.4", NULL,
	    "Command malformed; check device",
	    "set log_dialogue of [listen NAME] to it to see what it says" },
};
/* clang-format on */
const size_t ndevice_words = sizeof(device_words) / sizeof(device_words[0]);

static const struct device_words others[] = {
	{ 4, "", NULL, "Not now; try again later",
	    "the reason says what is wrong" },
	{ 5, "", NULL, "Refused; ask admin", "the reason says what is wrong" },
};

const struct device_words *
device_words_find(unsigned code, const char *status, const char *reason)
{
	const struct device_words *w;
	size_t i;

	for (i = 0; i < ndevice_words; i++) {
		w = &device_words[i];
		if (w->code == code && strcmp(w->status, status) == 0 &&
		    (w->has == NULL || strstr(reason, w->has) != NULL))
			return w;
	}
	return &others[code >= 500];
}

#define NAME "NAME"

void
device_words_fix(
    const struct device_words *w, const char *listener, char *out, size_t size)
{
	const char *name = strstr(w->fix, "[listen " NAME "]");

	if (name == NULL) {
		strlcpy(out, w->fix, size);
		return;
	}
	name += sizeof("[listen ") - 1;
	snprintf(out, size, "%.*s%s%s", (int)(name - w->fix), w->fix, listener,
	    name + sizeof(NAME) - 1);
}
