/* SPDX-License-Identifier: ISC */
#ifndef TESTS_DIALOG_SCRIPT_H
#define TESTS_DIALOG_SCRIPT_H

#include <stdio.h>

#include "tests/dialog/dialog.h"

/* A script under way, shared by its reader and by mailchuted's part in it. */

#define ARGS_MAX 32

struct script {
	const char *program;
	const char *hasty; /* the same with a short limit: hasty.c */
	bool is_hasty;
	const char *certificates;
	struct stage stage;
	struct job_session session;
	struct job_message message; /* what "set" gave for the next ones */
	char *secret;
	bool secret_was_asked;
	struct buf body;
	struct job_ready ready; /* what deliver said last */
	bool is_twice;          /* the body of the message said last */
	bool is_started;
	unsigned line;
};

/* Undoes \r \n \t \0 \\ and \xNN in place; the length of the result. */
size_t script_unescape(char *s);

/* Splits at blanks, in place. */
size_t script_split(char *s, char *args[ARGS_MAX]);

#define SCRIPT_LINE_MAX 8192

/* A session without TLS and AUTH, and a short message. */
void script_defaults(struct script *s);
int script_set(struct script *s, const char *key, const char *value);

/* All of a script, from script_defaults to "exit". */
int script_play(struct script *s, FILE *f);

/* deliver; or hasty, after that word. */
int script_launch(struct script *s);

/* deliver ends by itself, and asked for the secret only where it should. */
int script_finish(struct script *s);
void script_clear(struct script *s);

int server_begins(struct script *s, char *text);
int server_says(struct script *s, char *text);
int server_does(struct script *s, char *text);
int server_is_told(struct script *s, const char *want, bool whole);
int server_is_told_text(struct script *s, char *unused);
int server_sees_end(struct script *s, char *how);

int mailchuted_does(struct script *s, char *text);
int mailchuted_is_told(struct script *s, char *text);
int mailchuted_is_told_all(struct script *s, char *text);
int mailchuted_gives_secret(struct script *s, const char *reason);

#endif
