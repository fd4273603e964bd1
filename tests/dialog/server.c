/* SPDX-License-Identifier: ISC */
/* The server's part in a dialogue. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

#include "tests/dialog/script.h"

int
server_is_told(struct script *s, const char *want, bool whole)
{
	char line[SCRIPT_LINE_MAX];
	size_t n = strlen(want);

	if (server_line(&s->stage, line, sizeof(line)) == -1)
		return -1;
	if (whole ? strcmp(line, want) == 0 : strncmp(line, want, n) == 0)
		return 0;
	return fail(&s->stage, "deliver said \"%s\", not \"%s\"", line, want);
}

int
server_says(struct script *s, char *text)
{
	char line[SCRIPT_LINE_MAX];
	size_t n = script_unescape(text);

	if (n + 2 > sizeof(line))
		return fail(&s->stage, "too long a line");
	memcpy(line, text, n);
	memcpy(line + n, "\r\n", 2);
	return server_send(&s->stage, line, n + 2);
}

/* The name in the handshake is the host's, and an address is no name. */
static int
check_sni(struct script *s)
{
	const char *host = s->session.hosts.v[0], *sni = server_sni(&s->stage);
	bool is_name = strncmp(host, "localhost", 9) == 0;

	if (strcmp(sni, is_name ? "localhost" : "") == 0)
		return 0;
	return fail(&s->stage, "the server was called \"%s\"", sni);
}

/* The handshake with this certificate and this version, or neither. */
static int
handshake(struct script *s, char **args, size_t n)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.pem", s->certificates,
	    n > 0 ? args[0] : "good");
	if (server_tls(&s->stage, path, n > 1 ? args[1] : "") == -1)
		return -1;
	return check_sni(s);
}

/* What README.md lists behind "S!". */
int
server_does(struct script *s, char *text)
{
	char *args[ARGS_MAX];
	size_t n = script_split(text, args);

	if (n == 0)
		return fail(&s->stage, "nothing to do");
	if (strcmp(args[0], "accept") == 0)
		return server_accept(&s->stage);
	if (strcmp(args[0], "close") == 0 || strcmp(args[0], "reset") == 0) {
		server_close(&s->stage, args[0][0] == 'r');
		return 0;
	}
	if (strcmp(args[0], "deaf") == 0 || strcmp(args[0], "hear") == 0) {
		(args[0][0] == 'd' ? server_deafen : server_hear)(&s->stage);
		return 0;
	}
	if (strcmp(args[0], "flood") == 0 && n == 3) {
		size_t count = (size_t)strtonum(args[1], 1, 100000, NULL);

		/* deliver may have had enough, and closed. */
		while (count-- > 0 && server_says(s, args[2]) == 0)
			;
		return 0;
	}
	if (strcmp(args[0], "tls") != 0 && strcmp(args[0], "no-tls") != 0)
		return fail(&s->stage, "the server cannot %s", args[0]);
	if (handshake(s, args + 1, n - 1) == 0)
		return args[0][0] == 't'
			   ? 0
			   : fail(&s->stage, "the handshake succeeded");
	return args[0][0] == 'n' ? 0 : -1;
}

/* "AUTH_LOGIN" is one word of a script and two of a server. */
static const char *
blanks(char *word)
{
	char *p;

	for (p = word; (p = strchr(p, '_')) != NULL;)
		*p = ' ';
	return word;
}

/* Greeting and EHLO as servers say them, with these capabilities; READY. */
int
server_begins(struct script *s, char *text)
{
	char *args[ARGS_MAX], line[256];
	size_t i, n = script_split(text, args);

	if (script_launch(s) == -1 || server_accept(&s->stage) == -1)
		return -1;
	if (s->session.tls == TLS_IMPLICIT && handshake(s, NULL, 0) == -1)
		return -1;
	strlcpy(line, "220 server.example ESMTP", sizeof(line));
	if (server_says(s, line) == -1 ||
	    server_is_told(s, "EHLO client.example", true) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "250-%s",
		    i == 0 ? "server.example" : blanks(args[i - 1]));
		if (server_says(s, line) == -1)
			return -1;
	}
	snprintf(line, sizeof(line), "250 %s",
	    n == 0 ? "server.example" : blanks(args[n - 1]));
	return server_says(s, line);
}

int
server_is_told_text(struct script *s, char *unused)
{
	char *copy = xstrdup(buf_data(&s->body)), *rest = copy, *line;
	char *end;
	int rc = 0;

	(void)unused;
	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL) {
		if (*line == '\0' && rest == NULL)
			break;
		if ((end = strchr(line, '\r')) != NULL)
			*end = '\0';
		rc = server_is_told(s, line, true);
	}
	free(copy);
	return rc;
}

/* "C!": closed without a word more; "C! cut N": before N octets of data more.
 */
int
server_sees_end(struct script *s, char *how)
{
	struct buf *in = &s->stage.server.in;

	if (server_eof(&s->stage) == -1)
		return -1;
	if (strncmp(how, "cut ", 4) == 0 &&
	    in->len < (size_t)strtonum(how + 4, 1, 8 << 20, NULL))
		return 0;
	if (strcmp(how, "") == 0 && in->len == 0)
		return 0;
	return fail(&s->stage, "deliver said %zu octets, \"...%s\"", in->len,
	    buf_data(in) + (in->len < 100 ? 0 : in->len - 100));
}
