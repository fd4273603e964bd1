/* SPDX-License-Identifier: ISC */
/*
 * The dialogue with a person.  Octets are read one by one, so that what was
 * typed ahead waits in the terminal and no copy of a secret lies in a buffer of
 * stdio.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "admin/dialogue.h"
#include "admin/text.h"
#include "common/xalloc.h"

#define ANSWER_MAX 1024
#define LINE_MAX_N 4096 /* what a terminal hands out at most */

static volatile sig_atomic_t got_stop, got_back;

static void
on_stop(int sig)
{
	(void)sig;
	got_stop = 1;
}

/* In the foreground again, after ^Z and "fg". */
static void
on_back(int sig)
{
	(void)sig;
	got_back = 1;
}

/* No SA_RESTART: a read that waits for an answer ends. */
static void
set_signals(void (*stop)(int), void (*back)(int))
{
	struct sigaction sa = { .sa_handler = stop };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGQUIT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sa.sa_handler = back;
	sigaction(SIGCONT, &sa, NULL);
}

int
dialogue_open(struct dialogue *d, int in, FILE *out)
{
	d->in = in;
	d->out = out;
	d->is_over = false;
	if (!isatty(in) || !isatty(fileno(out)))
		return -1;
	got_stop = 0;
	set_signals(on_stop, on_back);
	return 0;
}

void
dialogue_close(struct dialogue *d)
{
	dialogue_flush(d);
	set_signals(SIG_DFL, SIG_DFL);
}

bool
dialogue_is_over(const struct dialogue *d)
{
	return d->is_over || got_stop != 0;
}

void
dialogue_flush(struct dialogue *d)
{
	if (fflush(d->out) != 0)
		d->is_over = true;
}

void
dialogue_put(struct dialogue *d, const char *text)
{
	const char *end;
	char *line;

	for (; *text != '\0'; text = *end == '\0' ? end : end + 1) {
		end = text + strcspn(text, "\n");
		line = xstrndup(text, (size_t)(end - text));
		text_put(d->out, line);
		free(line);
		if (*end == '\n')
			fputc('\n', d->out);
	}
}

void
dialogue_say(struct dialogue *d, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		abort();
	va_end(ap);
	dialogue_put(d, text);
	free(text);
}

/* ---- lines --------------------------------------------------------------- */

static void
prompt(struct dialogue *d, const char *ask, const char *fallback)
{
	d->ask = ask;
	d->fallback = fallback;
	got_back = 0;
	dialogue_put(d, ask);
	if (fallback != NULL)
		dialogue_say(d, " [%s]", fallback);
	fputs(": ", d->out);
}

static void
hide(const struct dialogue *d)
{
	struct termios t;

	if (tcgetattr(d->in, &t) == -1)
		return;
	t.c_lflag &= (tcflag_t) ~(ECHO | ECHONL);
	tcsetattr(d->in, TCSADRAIN, &t);
}

/* The shell has made the terminal its own meanwhile, and shows what is typed.
 */
static void
come_back(struct dialogue *d)
{
	if (d->is_unseen)
		hide(d);
	prompt(d, d->ask, d->fallback);
	dialogue_flush(d);
}

/* A line without its end, wiped where it was kept; 0, or -1: it is over. */
static int
read_line(struct dialogue *d, struct buf *line)
{
	ssize_t n;
	char c;

	dialogue_flush(d);
	for (;;) {
		if (dialogue_is_over(d))
			return -1;
		if (got_back)
			come_back(d);
		n = read(d->in, &c, 1);
		if (n == -1 && errno == EINTR)
			continue;
		if (n != 1 || buf_putc(line, c) == -1) {
			d->is_over = true;
			return -1;
		}
		if (c == '\n')
			break;
	}
	buf_truncate(line, line->len - 1);
	return 0;
}

static void
trim(char *s)
{
	size_t n = strlen(s), blank = strspn(s, " \t\r");

	while (n > blank && strchr(" \t\r", s[n - 1]) != NULL)
		n--;
	memmove(s, s + blank, n - blank);
	s[n - blank] = '\0';
}

/* NULL: the dialogue is over. */
static char *
read_answer(struct dialogue *d)
{
	struct buf line;
	char *answer = NULL;

	buf_init(&line, LINE_MAX_N);
	if (read_line(d, &line) == 0) {
		answer = xstrdup(buf_data(&line));
		trim(answer);
	} else {
		/* Whatever comes next begins a line of its own. */
		fputc('\n', d->out);
	}
	buf_wipe(&line);
	return answer;
}

/* ---- questions ----------------------------------------------------------- */

static void
explain(struct dialogue *d, const char *help)
{
	fputc('\n', d->out);
	text_put_para(d->out, 0, "?", help);
	fputc('\n', d->out);
}

static const char *
judge(const struct question *q, const char *answer)
{
	if (*answer == '\0')
		return "an answer is needed; ? explains";
	if (strlen(answer) > ANSWER_MAX)
		return "that is too long";
	return q->wrong == NULL ? NULL : q->wrong(answer);
}

char *
dialogue_ask(struct dialogue *d, const struct question *q)
{
	const char *wrong;
	char *answer;

	for (;;) {
		prompt(d, q->ask, q->fallback);
		if ((answer = read_answer(d)) == NULL)
			return NULL;
		if (strcmp(answer, "?") == 0) {
			explain(d, q->help);
		} else {
			if (*answer == '\0' && q->fallback != NULL) {
				free(answer);
				answer = xstrdup(q->fallback);
			}
			if ((wrong = judge(q, answer)) == NULL)
				return answer;
			dialogue_say(d, "  %s\n", wrong);
		}
		free(answer);
	}
}

static void
list(struct dialogue *d, const struct choosing *c)
{
	const char *p, *end;
	size_t i;

	for (i = 0; i < c->n; i++) {
		dialogue_say(d, "  %zu  %s\n", i + 1, c->v[i].name);
		for (p = c->v[i].text; p != NULL && *p != '\0';
		     p = *end == '\0' ? end : end + 1) {
			end = p + strcspn(p, "\n");
			dialogue_say(d, "     %.*s\n", (int)(end - p), p);
		}
	}
}

int
dialogue_choose(struct dialogue *d, const struct choosing *c)
{
	struct question q = { .ask = c->ask, .help = c->help };
	char fallback[24], *answer, *end;
	unsigned long i;

	snprintf(fallback, sizeof(fallback), "%zu", c->fallback + 1);
	q.fallback = fallback;
	list(d, c);
	while ((answer = dialogue_ask(d, &q)) != NULL) {
		i = strtoul(answer, &end, 10);
		if (*end == '\0' && answer[0] != '-' && i >= 1 && i <= c->n) {
			free(answer);
			return (int)(i - 1);
		}
		free(answer);
		dialogue_say(d, "  a number from 1 to %zu\n", c->n);
	}
	return -1;
}

static const char *
wrong_word(const char *answer)
{
	return strcasecmp(answer, "yes") == 0 || strcasecmp(answer, "y") == 0 ||
		       strcasecmp(answer, "no") == 0 ||
		       strcasecmp(answer, "n") == 0
		   ? NULL
		   : "yes or no";
}

int
dialogue_confirm(
    struct dialogue *d, const char *ask, const char *help, bool fallback)
{
	const struct question q = { .ask = ask,
		.help = help,
		.fallback = fallback ? "yes" : "no",
		.wrong = wrong_word };
	char *answer = dialogue_ask(d, &q);
	int rc;

	if (answer == NULL)
		return -1;
	rc = answer[0] == 'y' || answer[0] == 'Y';
	free(answer);
	return rc;
}

int
dialogue_pause(struct dialogue *d, const char *ask, const char *help)
{
	char *answer;
	int rc;

	for (;;) {
		prompt(d, ask, NULL);
		if ((answer = read_answer(d)) == NULL)
			return -1;
		rc = strcmp(answer, "?");
		free(answer);
		if (rc != 0)
			return 0;
		explain(d, help);
	}
}

/* ---- secrets ------------------------------------------------------------- */

static int
read_unseen(struct dialogue *d, struct buf *line)
{
	struct termios was;
	int rc;

	if (tcgetattr(d->in, &was) == -1) {
		d->is_over = true;
		return -1;
	}
	/* Before the question is seen: nobody answers in the open. */
	hide(d);
	d->is_unseen = true;
	rc = read_line(d, line);
	d->is_unseen = false;
	tcsetattr(d->in, TCSADRAIN, &was);
	fputc('\n', d->out);
	return rc;
}

int
dialogue_secret(
    struct dialogue *d, const char *ask, const char *help, struct buf *out)
{
	size_t before = out->len;

	for (;;) {
		prompt(d, ask, NULL);
		if (read_unseen(d, out) == -1)
			return -1;
		while (out->len > before &&
		       strchr(" \t\r", out->data[out->len - 1]) != NULL)
			buf_truncate(out, out->len - 1);
		if (out->len - before == 1 && out->data[before] == '?')
			explain(d, help);
		else if (out->len > before)
			return 0;
		else
			dialogue_say(d, "  an answer is needed; ? explains\n");
		buf_truncate(out, before);
	}
}
