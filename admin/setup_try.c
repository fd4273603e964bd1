/* SPDX-License-Identifier: ISC */
/*
 * Until it works: says what is to be done elsewhere, tries it, names the step
 * that is missing, and leaves it to the person whether to try again.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "admin/setup.h"
#include "admin/text.h"
#include "common/xalloc.h"

#define TEXT_MAX 65536

#define HELP_TRY \
	"\"1\" asks again at once. Changes in Exchange Online take up to an " \
	"hour: with \"2\" the\nconfiguration is written as it is, mail is " \
	"taken and waits, and mailchuted tries by\nitself from time to time; " \
	"\"mailchute setup\" goes on from there. \"3\" changes nothing."

/* ---- what is said ---- */

static void
put_lines(struct setup *s, const struct buf *b)
{
	dialogue_say(&s->d, "\n%s\n", buf_data(b));
}

static int
pause_until_done(struct setup *s)
{
	return dialogue_pause(&s->d, "Press Enter when that is done",
	    "Do what stands above, in the order in which it stands. What was "
	    "done before needs no second time: PowerShell says so, and that "
	    "is "
	    "no harm.");
}

/* Each line of it is a paragraph. */
static void
put_paras(FILE *out, const char *label, const char *text)
{
	const char *end;
	char *line;

	for (; *text != '\0'; text = *end == '\0' ? end : end + 1) {
		end = text + strcspn(text, "\n");
		line = xstrndup(text, (size_t)(end - text));
		text_put_para(out, 2, label, line);
		free(line);
		label = "";
	}
}

static void
tell(struct setup *s, const struct setup_finding *f)
{
	dialogue_say(&s->d, "\nMissing: %s\n", f->step);
	put_paras(s->d.out, "why:", f->text);
	put_paras(s->d.out, "do:", f->fix);
	fputc('\n', s->d.out);
}

/* SETUP_GOOD: try again. */
static enum setup_end
what_now(struct setup *s, const struct setup_finding *f)
{
	static const struct choice choices[] = {
		{ "try again", NULL },
		{ "write the configuration, and finish this later", NULL },
		{ "quit, and change nothing", NULL },
	};
	const struct choosing c = {
		.ask = "What now", .help = HELP_TRY, .v = choices, .n = 3
	};

	tell(s, f);
	switch (dialogue_choose(&s->d, &c)) {
	case 0:
		return SETUP_GOOD;
	case 1:
		return SETUP_UNPROVED;
	default:
		return SETUP_STOP;
	}
}

/* ---- the token ---- */

static void
tell_token(struct setup *s)
{
	const struct token_claims *c = &s->token.granted.claims;

	dialogue_say(&s->d, "ok: Entra gives a token");
	if (c->upn[0] != '\0')
		dialogue_say(&s->d, " to %s", c->upn);
	if (c->roles[0] != '\0')
		dialogue_say(&s->d, ", with %s", c->roles);
	else if (c->scp[0] != '\0')
		dialogue_say(&s->d, ", with %s", c->scp);
	dialogue_say(&s->d, "\n");
}

/* A sign-in that leaves nothing is over in an hour. */
static bool
is_kept(const struct setup *s, struct setup_finding *f)
{
	const struct token_granted *g = &s->token.granted;

	if (g->has_refresh)
		return true;
	memset(f, 0, sizeof(*f));
	strlcpy(f->step, "a sign-in that lasts", sizeof(f->step));
	strlcpy(f->text,
	    g->doubt[0] != '\0' ? g->doubt : "Entra gave no refresh token.",
	    sizeof(f->text));
	strlcpy(f->fix, g->fix, sizeof(f->fix));
	return false;
}

/*
 * One that says of itself what it should.  judges: a managed identity has no
 * right before its id is known, which is read from its token.
 */
static enum setup_end
need_token(struct setup *s, const struct conf *c, bool is_device, bool judges)
{
	struct setup_finding f;
	enum setup_end end;

	for (;;) {
		dialogue_say(&s->d, "Asking Entra for a token ...\n");
		if (setup_get_token(s, c, is_device, &f) == 0 &&
		    (!judges ||
			setup_judge_claims(&s->a, &s->token.granted, &f)) &&
		    (!is_device || is_kept(s, &f))) {
			tell_token(s);
			return SETUP_GOOD;
		}
		if (dialogue_is_over(&s->d))
			return SETUP_STOP;
		if ((end = what_now(s, &f)) != SETUP_GOOD)
			return end;
	}
}

/* ---- the mail server ---- */

/* Rights come with a new token: one before them says nothing of them. */
static enum setup_end
need_sign_in(struct setup *s, const struct conf *c)
{
	struct setup_finding f;
	enum setup_end end;

	for (;;) {
		dialogue_say(&s->d, "Signing in to %s as %s ...\n",
		    setup_account(s, c)->hosts.v[0], s->a.user);
		if (setup_sign_in(s, c, &f) == 0) {
			dialogue_say(&s->d, "ok: the server lets it in\n");
			return SETUP_GOOD;
		}
		if (dialogue_is_over(&s->d))
			return SETUP_STOP;
		if ((end = what_now(s, &f)) != SETUP_GOOD)
			return end;
		if (s->a.way != WAY_PASSWORD &&
		    (end = need_token(s, c, false, true)) != SETUP_GOOD)
			return end;
	}
}

/* ---- by the way that was chosen ---- */

static int
say_grant(struct setup *s)
{
	struct err e;
	struct buf b;

	if (s->a.way == WAY_PASSWORD || s->a.way == WAY_MANAGED)
		return 0;
	buf_init(&b, TEXT_MAX);
	setup_lines_grant(&s->a, &b);
	put_lines(s, &b);
	buf_clear(&b);
	if (s->a.way == WAY_CERTIFICATE && !s->is_print &&
	    setup_show_certificate(s, &e) == -1) {
		dialogue_say(&s->d, "  %s\n", e.text);
		return -1;
	}
	if (s->a.way == WAY_CERTIFICATE && s->is_print)
		dialogue_say(&s->d, "(The block stands here without --print, "
				    "which makes no certificate.)\n");
	return s->is_print ? 0 : pause_until_done(s);
}

static int
say_exchange(struct setup *s, const struct conf *c)
{
	const char *oid = s->token.granted.claims.oid;
	struct buf b;

	if (s->a.provider == PROVIDER_SMTP)
		return 0;
	buf_init(&b, TEXT_MAX);
	setup_lines_exchange(&s->a, s->token.fd == -1 ? NULL : oid,
	    &setup_account(s, c)->senders, &b);
	put_lines(s, &b);
	buf_clear(&b);
	return s->is_print ? 0 : pause_until_done(s);
}

/* 1: somebody signs in now, 0: a sign-in of before is kept, -1. */
static int
begin_sign_in(struct setup *s)
{
	struct err e;
	int keep = 0;

	if (s->a.way != WAY_DEVICE || s->is_print)
		return 0;
	if (setup_has_sign_in(s))
		keep = dialogue_confirm(&s->d, "Keep the sign-in of before",
		    "\"no\" signs in anew, which takes the place of the other. "
		    "That is needed when it is refused, or after a change of "
		    "the mailbox or the application.",
		    true);
	if (keep != 0)
		return keep == -1 ? -1 : 0;
	if (setup_stage_tokens(s, &e) == 0)
		return 1;
	dialogue_say(&s->d, "  %s\n", e.text);
	return -1;
}

static enum setup_end
prove(struct setup *s, const struct conf *c)
{
	bool is_oauth = s->a.way != WAY_PASSWORD;
	enum setup_end end = SETUP_GOOD;
	int is_device;

	if (say_grant(s) == -1 || (is_device = begin_sign_in(s)) == -1)
		return SETUP_STOP;
	if (is_oauth && !s->is_print)
		end = need_token(s, c, is_device == 1, s->a.way != WAY_MANAGED);
	if (end != SETUP_GOOD)
		return end;
	if (say_exchange(s, c) == -1)
		return SETUP_STOP;
	if (s->is_print)
		return SETUP_GOOD;
	if (s->a.way == WAY_MANAGED &&
	    (end = need_token(s, c, false, true)) != SETUP_GOOD)
		return end;
	return need_sign_in(s, c);
}

enum setup_end
setup_prove(struct setup *s)
{
	struct conf_problems p = { { NULL, 0 }, { NULL, 0 } };
	struct conf *c = setup_load(s, &p);
	enum setup_end end = SETUP_STOP;
	size_t i;

	for (i = 0; i < p.errors.n; i++)
		dialogue_say(&s->d, "%s\n", p.errors.v[i]);
	if (c != NULL)
		end = prove(s, c);
	conf_free(c);
	conf_problems_clear(&p);
	return end;
}
