/* SPDX-License-Identifier: ISC */
/*
 * Plays the dialogues of this folder on the engine of smtpd, each in several
 * ways (README.md), and prints TAP.
 */
#include "config.h"

#include <assert.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "smtpd/serve.h"
#include "tests/smtp/stage.h"

#define TEXT_MAX (4 * 1024 * 1024)
#define LINES    256 /* of a script */

/* A script, read. */
struct play {
	char *conf;           /* for [queue] */
	bool rush, step, cut; /* how it may be played */
	bool refuses_bare;    /* as listen.bare_newline has it */
	bool signs_in;        /* as listen.auth = required, in the clear */
	int status;           /* the exit status wanted */
	struct buf says;      /* all that the client says */
	size_t turns[LINES];  /* where in it the client waits, and */
	size_t heard[LINES];  /* how many replies it has read by then */
	size_t nturns;
	char *replies[LINES]; /* what each line must begin with */
	size_t nreplies;
	struct buf messages[STAGE_MAX]; /* as stage_take tells them, sorted */
	size_t nmessages;
};

/* One performance. */
struct show {
	const struct play *play;
	struct client client;
	size_t turn;
	char *problem; /* NULL: all is well */
};

/* ---- reading a script ---- */

static unsigned
hex(const char *p)
{
	char two[3] = { p[0], p[1], '\0' };

	return (unsigned)strtoul(two, NULL, 16);
}

/* Appends a text with its escapes undone. */
static void
put(struct buf *b, const char *p)
{
	for (; *p != '\0'; p++) {
		if (*p != '\\') {
			buf_putc(b, *p);
			continue;
		}
		p++;
		if (*p == 'x') {
			buf_putc(b, (char)hex(p + 1));
			p += 2;
		} else {
			buf_putc(b, *p == 'r'   ? '\r'
				    : *p == 'n' ? '\n'
				    : *p == 't' ? '\t'
				    : *p == '0' ? '\0'
						: *p);
		}
	}
}

/* The client waits for what it was told by now. */
static void
take_turn(struct play *p)
{
	if (p->nturns > 0 && p->turns[p->nturns - 1] == p->says.len)
		p->nturns--;
	assert(p->nturns < LINES);
	p->turns[p->nturns] = p->says.len;
	p->heard[p->nturns++] = p->nreplies;
}

static void
put_many(struct play *p, const char *text)
{
	char *rest;
	unsigned long n = strtoul(text, &rest, 10);

	while (n-- > 0) {
		put(&p->says, rest + 1);
		buf_puts(&p->says, "\r\n");
	}
}

static void
read_setting(struct play *p, const char *text)
{
	char *conf;

	if (strcmp(text, "only rush") == 0)
		p->step = false;
	else if (strcmp(text, "only step") == 0)
		p->rush = false;
	else if (strcmp(text, "cut") == 0)
		p->cut = true;
	else if (strcmp(text, "refuse bare") == 0)
		p->refuses_bare = true;
	else if (strcmp(text, "auth required") == 0)
		p->signs_in = true;
	else if (strncmp(text, "status ", 7) == 0)
		p->status = (int)strtol(text + 7, NULL, 10);
	else if (strncmp(text, "queue ", 6) == 0) {
		conf = xasprintf("%s%s\n", p->conf, text + 6);
		free(p->conf);
		p->conf = conf;
	} else {
		fprintf(stderr, "a setting is unknown: %s\n", text);
		exit(1);
	}
}

static void
read_line(struct play *p, const char *line)
{
	const char *text = strlen(line) > 3 ? line + 3 : "";
	struct buf *m;
	size_t n;

	if (strncmp(line, "C: ", 3) == 0 || strcmp(line, "C:") == 0) {
		put(&p->says, text);
		buf_puts(&p->says, "\r\n");
	} else if (strncmp(line, "C/ ", 3) == 0 || strcmp(line, "C/") == 0) {
		put(&p->says, text);
		buf_puts(&p->says, "\n");
	} else if (strncmp(line, "C= ", 3) == 0) {
		put(&p->says, text);
	} else if (strncmp(line, "C* ", 3) == 0) {
		put_many(p, text);
	} else if (strncmp(line, "S: ", 3) == 0) {
		p->replies[p->nreplies++] = xstrdup(text);
		take_turn(p);
	} else if (strncmp(line, "S* ", 3) == 0) {
		for (n = strtoul(text, NULL, 10); n > 0; n--)
			p->replies[p->nreplies++] =
			    xstrdup(strchr(text, ' ') + 1);
		take_turn(p);
	} else if (strncmp(line, "Q: ", 3) == 0) {
		m = &p->messages[p->nmessages++];
		buf_init(m, TEXT_MAX);
		buf_printf(m, "%s\n", text);
	} else if (strncmp(line, "T: ", 3) == 0 || strcmp(line, "T:") == 0) {
		m = &p->messages[p->nmessages - 1];
		put(m, text);
		buf_puts(m, "\n");
	} else if (strncmp(line, "set ", 4) == 0) {
		read_setting(p, line + 4);
	} else if (line[0] != '#' && line[0] != '\0') {
		fprintf(stderr, "a line is not understood: %s\n", line);
		exit(1);
	}
	assert(p->nreplies < LINES && p->nmessages < STAGE_MAX);
}

static void
read_play(struct play *p, const char *path)
{
	char line[4096];
	FILE *f = fopen(path, "r");

	assert(f != NULL);
	memset(p, 0, sizeof(*p));
	p->conf = xstrdup("");
	p->rush = p->step = true;
	buf_init(&p->says, TEXT_MAX);
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		read_line(p, line);
	}
	fclose(f);
}

static void
clear_play(struct play *p)
{
	size_t i;

	for (i = 0; i < p->nreplies; i++)
		free(p->replies[i]);
	for (i = 0; i < p->nmessages; i++)
		buf_clear(&p->messages[i]);
	buf_clear(&p->says);
	free(p->conf);
}

/* ---- judging ---- */

static void
complain(struct show *s, char *problem)
{
	if (s->problem == NULL)
		s->problem = problem;
	else
		free(problem);
}

/* What was heard is the first n replies, or with whole unset a part of them. */
static void
judge_replies(struct show *s, size_t n, bool whole)
{
	const char *p = buf_data(&s->client.out), *stop;
	size_t i;

	for (i = 0; i < n && *p != '\0'; i++, p = stop + 2) {
		stop = strstr(p, "\r\n");
		if (stop == NULL || strncmp(p, s->play->replies[i],
					strlen(s->play->replies[i])) != 0) {
			complain(s, xasprintf("reply %zu is not \"%s\": %.200s",
					i + 1, s->play->replies[i], p));
			return;
		}
	}
	if (*p != '\0')
		complain(s, xasprintf("more was said: %.200s", p));
	if (whole && i < n)
		complain(
		    s, xasprintf("\"%s\" was not said", s->play->replies[i]));
}

/* Replies of 250 to a whole message. */
static size_t
count_safe(const struct show *s)
{
	const char *p = buf_data(&s->client.out);
	size_t n = 0;

	while ((p = strstr(p, "250 2.0.0 safe ")) != NULL) {
		n++;
		p++;
	}
	return n;
}

static void
judge_messages(struct show *s, struct stage *stage, bool whole)
{
	char *found[STAGE_MAX];
	size_t n = stage_take(stage, found), i, k;

	if (n != (whole ? s->play->nmessages : count_safe(s)))
		complain(s, xasprintf("%zu messages were queued", n));
	for (i = 0; i < n; i++) {
		for (k = 0; k < s->play->nmessages; k++)
			if (strcmp(found[i], buf_data(&s->play->messages[k])) ==
			    0)
				break;
		if (k == s->play->nmessages)
			complain(s, xasprintf("queued was: %.2000s", found[i]));
	}
	for (i = 0; i < n; i++)
		free(found[i]);
}

/* ---- playing ---- */

/* The client has read all replies that belong to what it said. */
static void
heard(struct client *c)
{
	struct show *s = c->arg;

	if (s->turn == s->play->nturns)
		return;
	judge_replies(s, s->play->heard[s->turn], true);
	s->turn++;
	c->stop = s->turn < s->play->nturns ? s->play->turns[s->turn] : c->n;
}

/* Whoever signs in, this is the one. */
static enum sign_in_result
sign_in(void *arg, const char *login, const char *password, struct err *e)
{
	(void)arg;
	(void)e;
	return strcmp(login, "scanner") == 0 && strcmp(password, "secret") == 0
		   ? SIGN_IN_YES
		   : SIGN_IN_NO;
}

static int
play(struct show *s, struct stage *stage)
{
	struct service service;
	struct io io = client_io(&s->client);

	service = service_of_site(&stage->site);
	service.refuses_bare = s->play->refuses_bare;
	if (s->play->signs_in) {
		service.auth = LISTEN_AUTH_REQUIRED;
		service.auth_in_clear = true;
		service.sign_in = sign_in;
	}
	return serve(&io, &service);
}

static void
begin(struct show *s, const struct play *p, size_t n)
{
	memset(s, 0, sizeof(*s));
	s->play = p;
	client_init(&s->client, buf_data(&p->says), n);
	s->client.arg = s;
}

/* Plays all of it: what is wrong, or NULL. */
static char *
play_whole(const struct play *p, struct stage *stage, bool steps, size_t piece)
{
	struct show s;
	int status;

	begin(&s, p, p->says.len);
	s.client.piece = piece;
	if (steps && p->nturns > 0) {
		s.client.stop = p->turns[0];
		s.client.heard = heard;
	}
	status = play(&s, stage);
	if (status != p->status)
		complain(&s, xasprintf("the exit status is %d", status));
	judge_replies(&s, p->nreplies, true);
	judge_messages(&s, stage, true);
	client_clear(&s.client);
	return s.problem;
}

/*
 * The client is gone after each octet in turn: nothing is queued but what was
 * said to be, and that is whole.
 */
static char *
play_cut(const struct play *p, struct stage *stage)
{
	struct show s = { .problem = NULL };
	char *problem;
	size_t n;
	int status;

	for (n = 0; n < p->says.len && s.problem == NULL; n++) {
		begin(&s, p, n);
		status = play(&s, stage);
		if (status != 0)
			complain(
			    &s, xasprintf("the exit status is %d", status));
		judge_replies(&s, p->nreplies, false);
		judge_messages(&s, stage, false);
		client_clear(&s.client);
	}
	if (s.problem == NULL)
		return NULL;
	problem = xasprintf("cut at octet %zu: %s", n - 1, s.problem);
	free(s.problem);
	return problem;
}

static bool
tell(int number, const char *path, const char *how, char *problem)
{
	const char *name = strrchr(path, '/') + 1;

	printf("%sok %d - %.*s, %s\n", problem == NULL ? "" : "not ", number,
	    (int)strcspn(name, "."), name, how);
	if (problem != NULL)
		printf("# %s\n", problem);
	free(problem);
	return problem == NULL;
}

static bool
play_script(const char *path, int *number)
{
	struct stage stage;
	struct play p;
	bool ok = true;

	read_play(&p, path);
	stage_open(&stage, p.conf);
	if (p.rush)
		ok = tell(++*number, path, "all at once",
		    play_whole(&p, &stage, false, 0));
	if (p.step) {
		ok = tell(++*number, path, "step by step",
			 play_whole(&p, &stage, true, 0)) &&
		     ok;
		ok = tell(++*number, path, "octet by octet",
			 play_whole(&p, &stage, true, 1)) &&
		     ok;
	}
	if (p.cut)
		ok = tell(++*number, path, "cut at each octet",
			 play_cut(&p, &stage)) &&
		     ok;
	stage_close(&stage);
	clear_play(&p);
	return ok;
}

int
main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	char *pattern =
	    xasprintf("%s/tests/smtp/*.txt", top == NULL ? "." : top);
	bool ok = true;
	int number = 0;
	glob_t found;
	size_t i;

	if (argc > 1) {
		for (i = 1; i < (size_t)argc; i++)
			ok = play_script(argv[i], &number) && ok;
	} else {
		assert(glob(pattern, 0, NULL, &found) == 0);
		for (i = 0; i < found.gl_pathc; i++)
			ok = play_script(found.gl_pathv[i], &number) && ok;
		globfree(&found);
	}
	free(pattern);
	printf("1..%d\n", number);
	return ok ? 0 : 1;
}
