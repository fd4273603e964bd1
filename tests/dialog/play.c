/* SPDX-License-Identifier: ISC */
/* The words of a script (README.md in this folder explains them). */
#include "config.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"

#include "tests/dialog/script.h"

/* ---- set-up ---- */

/* A name of a list: its index, or -1. */
static int
choose(const char *value, const char *const *names)
{
	int i;

	for (i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], value) == 0)
			return i;
	return -1;
}

static int
set_choice(struct script *s, const char *key, const char *value)
{
	static const char *const tls[] = { "starttls", "implicit", "none",
		NULL };
	static const char *const auth[] = { "none", "login", "plain", "xoauth2",
		NULL };
	static const char *const ret[] = { "unset", "full", "hdrs", NULL };
	static const char *const sandbox[] = { "strict", "log", "off", NULL };
	static const char *const rewrite[] = { "auto", "always", "never",
		NULL };
	struct job_session *j = &s->session;
	int v = -1;

	if (strcmp(key, "tls") == 0 && (v = choose(value, tls)) != -1)
		j->tls = (enum tls_mode)v;
	else if (strcmp(key, "auth") == 0 && (v = choose(value, auth)) != -1)
		j->auth = (enum auth_mech)v;
	else if (strcmp(key, "ret") == 0 && (v = choose(value, ret)) != -1)
		s->message.env.ret = (enum dsn_ret)v;
	else if (strcmp(key, "sandbox") == 0 &&
		 (v = choose(value, sandbox)) != -1)
		j->sandbox = (enum sandbox_mode)v;
	else if (strcmp(key, "rewrite") == 0 &&
		 (v = choose(value, rewrite)) != -1)
		j->rewrite = (enum rewrite_mode)v;
	return v == -1 ? -1 : 0;
}

static void
replace(char **place, const char *value)
{
	free(*place);
	*place = xstrdup(value);
}

static void
set_ca(struct script *s, const char *name)
{
	free(s->session.ca_file);
	s->session.ca_file = xasprintf("%s/%s.pem", s->certificates, name);
}

static void
set_text(struct script *s, const char *text)
{
	buf_truncate(&s->body, 0);
	buf_puts(&s->body, text);
}

/* A token of that length. */
static void
fill_secret(struct script *s, size_t n)
{
	free(s->secret);
	s->secret = xmalloc(n + 1);
	memset(s->secret, 'x', n);
	s->secret[n] = '\0';
}

int
script_set(struct script *s, const char *key, const char *value)
{
	struct job_session *j = &s->session;

	if (set_choice(s, key, value) == 0)
		return 0;
	if (strcmp(key, "chunking") == 0)
		j->chunking = strcmp(value, "yes") == 0;
	else if (strcmp(key, "probe") == 0)
		j->is_probe = strcmp(value, "yes") == 0;
	else if (strcmp(key, "user") == 0)
		replace(&j->user, value);
	else if (strcmp(key, "secret") == 0)
		replace(&s->secret, value);
	else if (strcmp(key, "secret_fill") == 0)
		fill_secret(s, (size_t)strtonum(value, 1, 60000, NULL));
	else if (strcmp(key, "host") == 0)
		strlist_add(&j->hosts, value);
	else if (strcmp(key, "first_host") == 0)
		j->first_host = (unsigned)strtonum(value, 0, 99, NULL);
	else if (strcmp(key, "ca") == 0)
		set_ca(s, value);
	else if (strcmp(key, "tls_min") == 0)
		j->tls_min = (unsigned)strtonum(value, 0, 99, NULL);
	else if (strcmp(key, "linger") == 0)
		j->linger_ms = strtonum(value, 0, 600000, NULL);
	else if (strcmp(key, "senders") == 0)
		strlist_add(&j->senders, value);
	else if (strcmp(key, "provider") == 0)
		j->provider = strcmp(value, "smtp") == 0 ? PROVIDER_SMTP
							 : PROVIDER_OFFICE365;
	else if (strcmp(key, "envid") == 0)
		replace(&s->message.env.envid, value);
	else if (strcmp(key, "text") == 0)
		set_text(s, value);
	else
		return fail(&s->stage, "set knows no \"%s\"", key);
	return 0;
}

static int
start(struct script *s)
{
	s->is_started = true;
	if (s->session.hosts.n == 0)
		strlist_add(&s->session.hosts, "localhost");
	s->session.port = s->stage.port;
	s->session.secret =
	    s->session.auth == AUTH_NONE ? JOB_SECRET_NONE : JOB_SECRET_FD;
	if (job_put_session(&s->stage.job.out, &s->session) == -1)
		return fail(&s->stage, "no SESSION");
	return 0;
}

int
script_launch(struct script *s)
{
	const char *program = s->is_hasty ? s->hasty : s->program;

	if (stage_start(&s->stage, program) == -1 || start(s) == -1)
		return -1;
	return job_queue(&s->stage);
}

/* ---- the end ---- */

/* No dialogue ends well in which deliver asked for a secret unexpectedly. */
int
script_finish(struct script *s)
{
	int status;
	char c;

	if (stage_exited(&s->stage, &status) == -1)
		return -1;
	if (!s->secret_was_asked &&
	    recv(s->stage.secret, &c, 1, MSG_DONTWAIT) == 1)
		return fail(&s->stage, "deliver asked for the secret");
	if (!WIFEXITED(status))
		return fail(
		    &s->stage, "deliver ended by signal %d", WTERMSIG(status));
	return 0;
}

/* ---- scripts ---- */

static void
make_text(struct script *s, size_t size)
{
	static const char line[] =
	    "A line of text, of fifty octets with its end....\r\n";
	size_t n;

	buf_truncate(&s->body, 0);
	buf_puts(&s->body, "From: a@example.com\r\nSubject: long\r\n\r\n");
	while (s->body.len < size) {
		n = size - s->body.len;
		if (n < sizeof(line) + 1)
			break;
		buf_puts(&s->body, line);
	}
	while (s->body.len + 2 < size)
		buf_putc(&s->body, 'x');
	buf_puts(&s->body, "\r\n");
}

/* ---- the words of a script ---- */

static int
do_set(struct script *s, char *text)
{
	char *value = strchr(text, ' ');

	if (value == NULL)
		return fail(&s->stage, "set KEY VALUE");
	*value++ = '\0';
	script_unescape(value);
	return script_set(s, text, value);
}

static int
do_fill(struct script *s, char *text)
{
	make_text(s, (size_t)strtonum(text, 100, 8 << 20, NULL));
	return 0;
}

/* In this phase the program of the tests does not wait for long. */
static int
do_hasty(struct script *s, char *phase)
{
	s->is_hasty = true;
	return setenv("DIALOG_HASTY", phase, 1);
}

static int
do_append(struct script *s, char *text)
{
	size_t n = script_unescape(text);

	return buf_append(&s->body, text, n);
}

static int
do_launch(struct script *s, char *text)
{
	(void)text;
	return script_launch(s);
}

static int
do_send_octets(struct script *s, char *text)
{
	size_t n = script_unescape(text);

	return server_send(&s->stage, text, n);
}

static int
do_expect_line(struct script *s, char *text)
{
	script_unescape(text);
	return server_is_told(s, text, true);
}

static int
do_expect_start(struct script *s, char *text)
{
	return server_is_told(s, text, false);
}

static int
do_expect_octets(struct script *s, char *text)
{
	return server_octets(
	    &s->stage, (size_t)strtonum(text, 0, 8 << 20, NULL));
}

static int
do_secret(struct script *s, char *reason)
{
	return mailchuted_gives_secret(s, reason);
}

static int
do_exit(struct script *s, char *text)
{
	(void)text;
	return script_finish(s);
}

static const struct {
	const char *word;
	int (*play)(struct script *s, char *text);
} words[] = {
	{ "set", do_set },
	{ "fill", do_fill },
	{ "append", do_append },
	{ "hasty", do_hasty },
	{ "launch", do_launch },
	{ "begin", server_begins },
	{ "S:", server_says },
	{ "S=", do_send_octets },
	{ "S!", server_does },
	{ "C:", do_expect_line },
	{ "C*", do_expect_start },
	{ "C<", do_expect_octets },
	{ "C=", server_is_told_text },
	{ "C!", server_sees_end },
	{ "Q:", mailchuted_does },
	{ "D:", mailchuted_is_told },
	{ "D*", mailchuted_is_told_all },
	{ "K:", do_secret },
	{ "exit", do_exit },
};

/* One line of a script: a word, and what belongs to it. */
static int
step(struct script *s, char *line)
{
	char *text = strchr(line, ' ');
	char none[1] = "";
	size_t i;

	text = text == NULL ? none : text + 1;
	line[strcspn(line, " ")] = '\0';
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, line) == 0)
			return words[i].play(s, text);
	return fail(&s->stage, "no such word: %s", line);
}

void
script_defaults(struct script *s)
{
	struct job_session *j = &s->session;

	j->account = xstrdup("");
	j->provider = PROVIDER_SMTP;
	j->tls = TLS_NONE;
	j->tls_min = 12;
	j->chunking = true;
	j->linger_ms = 60000;
	j->helo = xstrdup("client.example");
	j->hostname = xstrdup("client.example");
	j->log_target = CONF_LOG_STDERR;
	if (getenv("DIALOG_SANDBOX_OFF") != NULL)
		j->sandbox = SANDBOX_OFF;
	j->log_level = 7;
	set_ca(s, "ca");
	buf_init(&s->body, 16 << 20);
	buf_puts(
	    &s->body, "From: a@example.com\r\nSubject: x\r\n\r\nHello\r\n");
}

int
script_play(struct script *s, FILE *f)
{
	char line[SCRIPT_LINE_MAX];
	bool ended = false;

	script_defaults(s);
	while (fgets(line, sizeof(line), f) != NULL) {
		s->line++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		ended = strcmp(line, "exit") == 0;
		if (step(s, line) == -1)
			return -1;
	}
	return ended ? 0 : fail(&s->stage, "a script ends with \"exit\"");
}

void
script_clear(struct script *s)
{
	stage_stop(&s->stage);
	job_session_clear(&s->session);
	envelope_clear(&s->message.env);
	free(s->secret);
	buf_clear(&s->body);
}
