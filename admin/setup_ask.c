/* SPDX-License-Identifier: ISC */
/*
 * The questions.  What was answered before, or can be guessed, is the default;
 * a secret never is, but the file that holds one.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "admin/setup.h"
#include "common/xalloc.h"

/* The answer takes the place of *value, which is the default. */
static int
ask(struct setup *s, char **value, const char *text, const char *guess,
    dialogue_judge *wrong, const char *help)
{
	const struct question q = { .ask = text,
		.help = help,
		.fallback = *value != NULL ? *value : guess,
		.wrong = wrong };
	char *answer = dialogue_ask(&s->d, &q);

	if (answer == NULL)
		return -1;
	free(*value);
	*value = answer;
	return 0;
}

/* ---- where ---- */

static const struct choice providers[] = {
	{ "Microsoft 365", NULL },
	{ "Microsoft 365 GCC High (US Government)", NULL },
	{ "Microsoft 365 DoD (US Government)", NULL },
	{ "Microsoft 365 of 21Vianet (China)", NULL },
	{ "another provider, by SMTP and a password", NULL },
};

static int
ask_server(struct setup *s)
{
	struct setup_answers *a = &s->a;

	if (ask(s, &a->host, "Its mail server", NULL, setup_wrong_host,
		"The server that takes mail of those who sign in (\"SMTP "
		"server\", \"outgoing server\"), such as "
		"smtp.example.com.") == -1 ||
	    ask(s, &a->tls, "Its TLS, starttls or implicit", "starttls",
		setup_wrong_tls,
		"starttls: the connection begins in the clear, and turns to "
		"TLS "
		"before anything is said (port 587). implicit: it is TLS from "
		"its first octet (port 465). Without TLS no password is "
		"sent.") == -1 ||
	    ask(s, &a->port, "Its port",
		strcmp(a->tls, "implicit") == 0 ? "465" : "587",
		setup_wrong_port,
		"587 with starttls, 465 with implicit.") == -1)
		return -1;
	if (a->auth != NULL && setup_wrong_auth(a->auth) != NULL) {
		free(a->auth);
		a->auth = NULL;
	}
	return ask(s, &a->auth, "Its AUTH, plain or login", "plain",
	    setup_wrong_auth,
	    "Nearly all servers know both. One that does not is told below: "
	    "then it is the other.");
}

int
setup_ask_mailbox(struct setup *s)
{
	struct setup_answers *a = &s->a;
	const struct choosing which = { .ask = "Where is the mailbox",
		.help = "Nearly everybody is in the first, GCC among them. The "
			"others have servers of their own; whoever has such a "
			"tenant knows it by its name.",
		.v = providers,
		.n = sizeof(providers) / sizeof(providers[0]),
		.fallback = a->provider };
	int i;

	if ((i = dialogue_choose(&s->d, &which)) == -1)
		return -1;
	if ((enum provider)i != a->provider && i != PROVIDER_SMTP) {
		free(a->host);
		a->host = NULL;
	}
	a->provider = (enum provider)i;
	if (a->provider == PROVIDER_SMTP && ask_server(s) == -1)
		return -1;
	if (ask(s, &a->user, "Mailbox that mail goes out by", NULL,
		setup_wrong_address,
		"The address of one mailbox, made for this purpose: all mail "
		"of "
		"this host goes out under it. At Microsoft it needs a "
		"licence, "
		"or it is a shared mailbox.") == -1)
		return -1;
	return ask(s, &a->admin, "Who gets root's mail, and alarms", a->user,
	    setup_wrong_address,
	    "An address that somebody reads: mail to root and to users "
	    "without an alias goes there, and word of an expired secret or a "
	    "full queue.");
}

/* ---- how ---- */

static const struct choice ways[WAYS] = {
	{ "an application with a certificate (recommended)",
	    "The application signs in by a key that never leaves this host.\n"
	    "Needs an administrator of the tenant once, and a new one every "
	    "two years." },
	{ "an application with a client secret",
	    "The same with a secret that Entra makes and you type in here.\n"
	    "It ends after two years at most; you are warned before." },
	{ "a person signs in once, by a code",
	    "You open a page on any computer, type a code and sign in as the "
	    "mailbox.\n"
	    "It has to be done again when the password changes, or the tenant "
	    "says so." },
	{ "the managed identity of this machine (Azure only)",
	    "Azure vouches for the machine: there is no secret at all.\n"
	    "Microsoft documents this for other services, not for SMTP." },
	{ "a federated credential (Kubernetes and other platforms)",
	    "The platform keeps a token in a file, and Entra trusts its "
	    "issuer.\n"
	    "There is no secret to renew." },
	{ "the mailbox's password", "Microsoft switches it off by default at "
				    "the end of December 2026,\n"
				    "and will name the day of its removal in "
				    "the second half of 2027." },
};

int
setup_ask_way(struct setup *s)
{
	const struct choosing how = { .ask = "How to sign in",
		.help = "If you are in doubt, take the first. If nobody can "
			"help you who administers the tenant, take the third, "
			"which often needs no more than the mailbox's own "
			"password.",
		.v = ways,
		.n = WAYS,
		.fallback = s->a.way };
	enum setup_way before = s->a.way;
	int i;

	if (s->a.provider == PROVIDER_SMTP) {
		s->a.way = WAY_PASSWORD;
	} else {
		if ((i = dialogue_choose(&s->d, &how)) == -1)
			return -1;
		s->a.way = (enum setup_way)i;
	}
	/* One file for the one secret or for the other. */
	if (s->a.way != before) {
		free(s->a.secret.name);
		s->a.secret.name = NULL;
	}
	return 0;
}

static int
ask_right(struct setup *s)
{
	static const struct choice rights[] = {
		{ "a permission in Entra, and one on the mailbox",
		    "SMTP.SendAsApp, with FullAccess on this one mailbox. It "
		    "is the usual way." },
		{ "a role in Exchange Online (App RBAC)",
		    "No permission in Entra: the role holds for the mailboxes "
		    "of a scope." },
	};
	const struct choosing how = { .ask = "What lets it send",
		.help = "Both lead to the same. The role is newer (October "
			"2025), and lets whoever administers Exchange see and "
			"take back what the application may.",
		.v = rights,
		.n = 2,
		.fallback = s->a.right };
	int i = dialogue_choose(&s->d, &how);

	if (i == -1)
		return -1;
	s->a.right = (enum setup_right)i;
	return 0;
}

/* An identity has no registration; which one it is may need no word. */
static int
ask_identity(struct setup *s)
{
	struct setup_answers *a = &s->a;
	char *answer = a->client_id == NULL ? xstrdup("none") : a->client_id;

	a->client_id = NULL;
	if (ask(s, &answer, "Client id of a user-assigned identity", NULL, NULL,
		"\"none\" for the machine's own (system-assigned) identity. If "
		"it has several, the client id of the one that is meant: "
		"Azure "
		"portal, Managed Identities.") == -1) {
		free(answer);
		return -1;
	}
	if (strcmp(answer, "none") == 0) {
		free(answer);
		return 0;
	}
	a->client_id = answer;
	if (setup_wrong_id(answer) == NULL)
		return 0;
	dialogue_say(&s->d, "  %s\n", setup_wrong_id(answer));
	return ask_identity(s);
}

int
setup_ask_application(struct setup *s)
{
	struct setup_answers *a = &s->a;
	const char *at = strchr(a->user, '@');
	struct buf b;

	if (a->way == WAY_PASSWORD)
		return 0;
	if (WAY_IS_APP(a->way) && ask_right(s) == -1)
		return -1;
	if (a->way == WAY_MANAGED)
		return ask_identity(s);
	buf_init(&b, 65536);
	setup_lines_register(a, &b);
	dialogue_say(&s->d, "\n%s\n", buf_data(&b));
	buf_clear(&b);
	if (ask(s, &a->client_id, "Application (client) ID", NULL,
		setup_wrong_id,
		"It stands in Entra under App registrations, the application, "
		"Overview. It is no secret.") == -1)
		return -1;
	return ask(s, &a->tenant, "Directory (tenant) ID, or a domain of it",
	    at == NULL ? NULL : at + 1, setup_wrong_tenant,
	    "The id stands beside the application's. A domain of the tenant, "
	    "such as contoso.onmicrosoft.com, does as well.");
}

/* ---- with what ---- */

/* 1: there are files, 0: they are to be made, -1. */
static int
ask_keep(struct setup *s)
{
	const struct setup_answers *a = &s->a;
	int make;

	if (a->certificate.name != NULL && a->key.name != NULL)
		return dialogue_confirm(&s->d,
		    "Keep the certificate that is configured",
		    "\"no\" makes a new one beside it, which has to be "
		    "uploaded "
		    "to Entra. The old one stays where it is.",
		    true);
	make = dialogue_confirm(&s->d, "Make a key and a certificate now",
	    "They are made by openssl(1) on this host, beside the "
	    "configuration, and the certificate is good for two years. "
	    "\"no\": you have files of your own.",
	    true);
	return make == -1 ? -1 : !make;
}

static int
ask_files(struct setup *s)
{
	struct setup_answers *a = &s->a;

	if (a->certificate.name != NULL && a->key.name != NULL)
		return 0;
	if (ask(s, &a->certificate.name, "File of the certificate", NULL,
		setup_wrong_path, "PEM, \"BEGIN CERTIFICATE\".") == -1)
		return -1;
	return ask(s, &a->key.name, "File of its private key", NULL,
	    setup_wrong_path,
	    "PEM, without a pass phrase, for root and queue.user's group "
	    "alone (mode 0640).");
}

/* What keeps it from being made may be mended: openssl is not there, say. */
static int
ask_certificate(struct setup *s)
{
	struct setup_answers *a = &s->a;
	struct err e;
	int keep;

	while ((keep = ask_keep(s)) == 0 && !s->is_print &&
	       setup_make_certificate(s, &e) == -1) {
		if (dialogue_is_over(&s->d))
			return -1;
		dialogue_say(&s->d, "  %s\n", e.text);
	}
	if (keep == -1)
		return -1;
	if (keep)
		return ask_files(s);
	if (s->is_print) {
		free(a->certificate.name);
		free(a->key.name);
		a->certificate.name = xstrdup("certificate.pem");
		a->key.name = xstrdup("certificate.key");
	}
	return 0;
}

/* Typed, or what lies in the file already. */
static int
ask_typed(struct setup *s, const char *what, const char *file, const char *help)
{
	struct setup_file *f = &s->a.secret;
	char *text;
	int keep = 0, rc = 0;

	if (f->name != NULL) {
		text = xasprintf("Keep the %s in %s", what, f->name);
		keep = dialogue_confirm(&s->d, text, help, true);
		free(text);
	} else {
		f->name = xstrdup(file);
	}
	if (keep == 0 && !s->is_print) {
		text = xasprintf("The %s (it is not shown)", what);
		rc = dialogue_secret(&s->d, text, help, &f->typed);
		free(text);
	}
	return keep == -1 ? -1 : rc;
}

static int
ask_secret(struct setup *s)
{
	char *date;

	dialogue_say(&s->d,
	    "\n"
	    "In Entra, the application, Certificates & secrets > Client "
	    "secrets >\nNew client secret. Its Value, not its Secret ID:\n\n");
	if (ask_typed(s, "client secret", "client_secret",
		"Entra shows the Value once, right after it was made. It is "
		"written to a file that only root and mailchute read, and "
		"shown nowhere.") == -1)
		return -1;
	date = s->a.expires == NULL ? xstrdup("none") : s->a.expires;
	s->a.expires = NULL;
	if (ask(s, &date, "The day on which it expires", NULL, setup_wrong_date,
		"As Entra shows it beside the secret, in the form 2028-11-30: "
		"you are warned 30, 14, 7 and 1 days before. \"none\" if you "
		"do "
		"not know it.") == -1) {
		free(date);
		return -1;
	}
	if (strcmp(date, "none") == 0)
		free(date);
	else
		s->a.expires = date;
	return 0;
}

int
setup_ask_credential(struct setup *s)
{
	switch (s->a.way) {
	case WAY_CERTIFICATE:
		return ask_certificate(s);
	case WAY_SECRET:
		return ask_secret(s);
	case WAY_FEDERATED:
		return ask(s, &s->a.federated.name,
		    "File in which the platform keeps its token",
		    getenv("AZURE_FEDERATED_TOKEN_FILE"), setup_wrong_path,
		    "Azure Kubernetes names it in AZURE_FEDERATED_TOKEN_FILE. "
		    "It is read anew each time.");
	case WAY_PASSWORD:
		return ask_typed(s, "password", "password",
		    "The mailbox's own. It is written to a file that only root "
		    "and mailchute read, and shown nowhere.");
	case WAY_DEVICE:
	case WAY_MANAGED:
	case WAYS:
		break;
	}
	return 0;
}
