/* SPDX-License-Identifier: ISC */
/*
 * The doctor looks at other mailers, and at whether what programs and cron
 * know as sendmail is ours.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>

#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/check.h"
#include "common/clock.h"
#include "common/xalloc.h"

#define GREETING_MS 3000 /* one of this host that is asked nothing else */
#define LINES_MAX   1000 /* of a crontab */

/* Whose sendmail it is, by a program that comes with it. */
static const struct mailer {
	const char *name;
	const char *program; /* below the root */
} mailers[] = {
	{ "Postfix", "/usr/sbin/postfix" },
	{ "Exim", "/usr/sbin/exim4" },
	{ "Exim", "/usr/sbin/exim" },
	{ "OpenSMTPD", "/usr/sbin/smtpctl" },
	{ "Sendmail", "/usr/sbin/sendmail-mta" },
	{ "Sendmail", "/usr/sbin/sendmail.sendmail" },
	{ "dma", "/usr/sbin/dma" },
	{ "msmtp", "/usr/bin/msmtp" },
	{ "sSMTP", "/usr/sbin/ssmtp" },
	{ "nullmailer", "/usr/sbin/nullmailer-send" },
	{ "E-MailRelay", "/usr/sbin/emailrelay" },
};
#define MAILERS (sizeof(mailers) / sizeof(mailers[0]))

static bool
is_there(const char *root, const char *path, struct stat *st)
{
	char *whole = xasprintf("%s%s", root, path);
	bool found = stat(whole, st) == 0;

	free(whole);
	return found;
}

/* Their names, "Postfix, Exim"; "" where there is none. */
static void
find_mailers(const char *root, char *names, size_t size)
{
	const char *last = "";
	struct stat st;
	size_t i;

	names[0] = '\0';
	for (i = 0; i < MAILERS; i++) {
		if (strcmp(mailers[i].name, last) == 0 ||
		    !is_there(root, mailers[i].program, &st))
			continue;
		last = mailers[i].name;
		strlcat(names, names[0] == '\0' ? "" : ", ", size);
		strlcat(names, last, size);
	}
}

/* Where alternatives(8) has the name, it must stay its link. */
static char *
link_command(const char *root, const char *name)
{
	char target[PATH_MAX], *whole = xasprintf("%s%s", root, name);
	ssize_t n = readlink(whole, target, sizeof(target) - 1);
	const char *group;

	free(whole);
	target[n < 0 ? 0 : n] = '\0';
	group = strstr(target, "/etc/alternatives/");
	if (group == NULL)
		return xasprintf("ln -sf " PATH_SBIN "/sendmail %s", name);
	group += strlen("/etc/alternatives/");
	return xasprintf(
	    "update-alternatives --install %s %s " PATH_SBIN
	    "/sendmail 90 && update-alternatives --set %s " PATH_SBIN
	    "/sendmail",
	    name, group, group);
}

static void
check_name(struct check *k, const char *root, const char *name,
    const struct stat *own, const char *others)
{
	char *link = link_command(root, name);
	char *next =
	    xasprintf("remove the package it belongs to, then: %s", link);
	struct stat st;

	if (!is_there(root, name, &st))
		check_say(k, CHECK_WARN, "sendmail", link,
		    "there is no %s, by which programs send mail", name);
	else if (st.st_dev == own->st_dev && st.st_ino == own->st_ino)
		check_say(
		    k, CHECK_OK, "sendmail", NULL, "%s is mailchute's", name);
	else
		check_say(k, CHECK_WARN, "sendmail", next,
		    "%s is not mailchute's but another mailer's%s%s%s: what "
		    "programs send goes there",
		    name, *others == '\0' ? "" : " (", others,
		    *others == '\0' ? "" : ")");
	free(link);
	free(next);
}

void
check_sendmail(struct check *k, const char *root, const char *ours)
{
	static const char *const more[] = { "/usr/lib/sendmail",
		"/usr/bin/sendmail" };
	char others[256];
	struct stat own, st;
	size_t i;

	if (stat(ours, &own) == -1) {
		check_say(k, CHECK_FAIL, "sendmail", "install mailchute anew",
		    "%s is not there", ours);
		return;
	}
	find_mailers(root, others, sizeof(others));
	check_name(k, root, "/usr/sbin/sendmail", &own, others);
	/* The older place, where some programs look first; and BSD's. */
	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (is_there(root, more[i], &st))
			check_name(k, root, more[i], &own, others);
	if (*others != '\0')
		check_say(k, CHECK_OK, "other mailers", NULL,
		    "also installed: %s", others);
}

/* ---- mail by the network ---- */

void
check_first_line(int fd, char line[CHECK_LINE])
{
	int64_t end = clock_mono_ms() + GREETING_MS, left;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t n = 0;
	ssize_t got = 1;

	line[0] = '\0';
	while (n + 1 < CHECK_LINE && got > 0 && memchr(line, '\n', n) == NULL) {
		left = end - clock_mono_ms();
		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			break;
		got = recv(fd, line + n, CHECK_LINE - 1 - n, MSG_DONTWAIT);
		n += got > 0 ? (size_t)got : 0;
	}
	line[n] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	(void)send(fd, "QUIT\r\n", 6, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
check_port(struct check *k, unsigned port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char line[CHECK_LINE], *what = xasprintf("port %u of this host", port);

	if (fd != -1 && connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0) {
		check_first_line(fd, line);
		check_say(k, CHECK_WARN, what,
		    "stop and disable it, if it is to send no mail: ss -ltnp "
		    "shows which it is, systemctl disable --now NAME ends it",
		    "another mailer runs there: what programs hand in by SMTP "
		    "goes by it, not by mailchute (%s)",
		    line[0] == '\0' ? "it says nothing" : line);
	} else {
		check_say(
		    k, CHECK_OK, what, NULL, "no other mailer runs there");
	}
	if (fd != -1)
		close(fd);
	free(what);
}

/* ---- cron ---- */

/* The value of "PATH = value", in place; or NULL. */
static char *
path_of(char *line)
{
	char *p = line + strspn(line, " \t");
	size_t n;

	if (strncmp(p, "PATH", 4) != 0)
		return NULL;
	p += 4 + strspn(p + 4, " \t");
	if (*p != '=')
		return NULL;
	p++;
	p += strspn(p, " \t\"'");
	n = strcspn(p, "\"'\r\n");
	while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	p[n] = '\0';
	return p;
}

/* Of all folders the first that has one counts. */
static void
check_path(
    struct check *k, const char *root, const char *list, const struct stat *own)
{
	char *copy = xstrdup(list), *rest = copy, *folder, *name = NULL;
	struct stat st;
	bool found = false;

	while (!found && (folder = strsep(&rest, ":")) != NULL) {
		free(name);
		name = xasprintf("%s/sendmail", folder);
		found = folder[0] == '/' && is_there(root, name, &st);
	}
	if (!found)
		check_say(k, CHECK_WARN, "cron",
		    "add /usr/sbin to PATH in /etc/crontab, or write "
		    "/usr/sbin/sendmail in its jobs",
		    "jobs of /etc/crontab that call sendmail do not find it by "
		    "its PATH (%s)",
		    list);
	else if (st.st_dev == own->st_dev && st.st_ino == own->st_ino)
		check_say(k, CHECK_OK, "cron", NULL,
		    "jobs of /etc/crontab find mailchute's sendmail, as %s",
		    name);
	else
		check_say(k, CHECK_WARN, "cron",
		    "put /usr/sbin before it in PATH in /etc/crontab",
		    "jobs of /etc/crontab that call sendmail get %s, which is "
		    "not mailchute's",
		    name);
	free(name);
	free(copy);
}

/* cron itself calls /usr/sbin/sendmail; its jobs may call it by PATH. */
void
check_cron(struct check *k, const char *root, const char *ours)
{
	char *name = xasprintf("%s/etc/crontab", root), *line = NULL;
	FILE *f = fopen(name, "re");
	const char *list;
	struct stat own;
	size_t size = 0;
	int i;

	free(name);
	if (f == NULL)
		return;
	if (stat(ours, &own) == 0)
		for (i = 0; i < LINES_MAX && getline(&line, &size, f) != -1;
		     i++)
			if ((list = path_of(line)) != NULL)
				check_path(k, root, list, &own);
	free(line);
	fclose(f);
}

/* Who answers there is told with the listener. */
static bool
is_listeners(const struct conf *c, unsigned port)
{
	size_t i;

	for (i = 0; c != NULL && i < c->nlisteners; i++)
		if (c->listeners[i].port == port)
			return true;
	return false;
}

void
check_mailers(struct check *k)
{
	check_sendmail(k, "", PATH_SBIN "/sendmail");
	if (!is_listeners(k->conf, 25))
		check_port(k, 25);
	check_cron(k, "", PATH_SBIN "/sendmail");
}
