/* SPDX-License-Identifier: ISC */
/*
 * After the configuration was written: mailchuted takes it over, the doctor
 * looks at all of it, and a message goes out.
 */
#include "config.h"

#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin/run.h"
#include "admin/setup.h"
#include "common/clock.h"
#include "common/ctl_link.h"
#include "common/spawn.h"
#include "common/xalloc.h"

#define WANTED    "/etc/systemd/system/multi-user.target.wants/mailchuted.service"
#define RELOAD_MS 30000
#define START_MS  30000
#define GLANCE_MS 100

/* ---- the daemon ------------------------------------------------------------
 */

static pid_t
pid_of(const struct conf *c)
{
	char *path = xasprintf("%s/mailchuted.pid", c->queue.socket_directory);
	FILE *f = fopen(path, "re");
	char line[32] = "";
	long pid = 0;

	if (f != NULL && fgets(line, sizeof(line), f) != NULL)
		pid = strtol(line, NULL, 10);
	if (f != NULL)
		fclose(f);
	free(path);
	return pid > 1 ? (pid_t)pid : -1;
}

/*
 * A queue process with the old configuration lets go of its clients when it
 * makes room for the new one.
 */
static bool
has_left(int fd)
{
	int64_t until = clock_mono_ms() + RELOAD_MS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char any[256];

	while (poll(&p, 1, clock_poll_timeout(until)) > 0)
		if (read(fd, any, sizeof(any)) <= 0)
			return true;
	return false;
}

static bool
reload(struct setup *s, const struct conf *c, int fd)
{
	pid_t pid = pid_of(c);
	bool is_done = pid != -1 && kill(pid, SIGHUP) == 0 && has_left(fd);

	dialogue_say(&s->d,
	    is_done ? "mailchuted has taken it over\n"
		    : "mailchuted runs, and did not take it over; its log says "
		      "why.\nStart it anew, then: mailchute check\n");
	return is_done;
}

/* systemd runs here, and knows mailchuted. */
static bool
has_unit(void)
{
	static const char *const units[] = {
		"/etc/systemd/system/mailchuted.service",
		"/usr/local/lib/systemd/system/mailchuted.service",
		"/usr/lib/systemd/system/mailchuted.service",
		"/lib/systemd/system/mailchuted.service",
	};
	size_t i;

	if (access("/run/systemd/system", F_OK) == -1)
		return false;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (access(units[i], F_OK) == 0)
			return true;
	return false;
}

/*
 * What starts it here, now and at the next boot; direct has room for that by
 * its own program.  Debian's package has enabled its unit, a build from source
 * has not.
 */
static const char *const *
starter(const struct setup *s, const char *direct[4])
{
	static const char *const enabled[] = { "/bin/systemctl", "restart",
		"mailchuted.service", NULL };
	static const char *const new[] = { "/bin/systemctl", "enable", "--now",
		"mailchuted.service", NULL };
	static const char *const service[] = { "/etc/init.d/mailchuted",
		"start", NULL };

	direct[0] = PATH_SBIN "/mailchuted";
	direct[1] = s->args->conf_path == NULL ? NULL : "-C";
	direct[2] = s->conf_path;
	direct[3] = NULL;
	if (s->args->conf_path != NULL)
		return direct;
	if (has_unit())
		return access(WANTED, F_OK) == 0 ? enabled : new;
	return access(service[0], X_OK) == 0 ? service : direct;
}

static char *
in_words(const char *const *argv)
{
	char *text = xstrdup(argv[0]), *more;

	while (*++argv != NULL) {
		more = xasprintf("%s %s", text, *argv);
		free(text);
		text = more;
	}
	return text;
}

static bool
is_there(const struct conf *c)
{
	int64_t until = clock_mono_ms() + START_MS;
	struct err e;
	int fd;

	while ((fd = ctl_link_connect(c->queue.socket_directory, &e)) == -1 &&
	       clock_mono_ms() < until)
		(void)poll(NULL, 0, GLANCE_MS);
	if (fd != -1)
		close(fd);
	return fd != -1;
}

/* To its end; it says itself what is wrong. */
static bool
run(struct setup *s, const char *const *argv)
{
	struct spawn p = { .argv = argv,
		.in = -1,
		.out = STDERR_FILENO,
		.log = STDERR_FILENO };
	int status = 0;
	struct err e;
	pid_t pid;

	dialogue_flush(&s->d);
	if ((pid = spawn_start(&p, &e)) == -1) {
		dialogue_say(&s->d, "%s\n", e.text);
		return false;
	}
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* What else there is to do when it does not run. */
static void
say_start(struct setup *s, const char *command)
{
	dialogue_say(&s->d,
	    "\nMail is taken, and waits until mailchuted runs. To go on:\n\n"
	    "    %s\n"
	    "    mailchute check\n"
	    "    mailchute test %s\n",
	    command, s->a.admin);
}

static bool
start(struct setup *s, const struct conf *c)
{
	const char *direct[4];
	const char *const *argv = starter(s, direct);
	char *command = in_words(argv), *text;
	bool is_up = false;

	dialogue_say(&s->d, "mailchuted does not run.\n");
	text = xasprintf("Start it, by \"%s\"", command);
	if (dialogue_confirm(&s->d, text,
		"mailchuted takes this host's mail and carries it out. \"no\" "
		"if something else starts it, a container for example.",
		true) == 1) {
		is_up = run(s, argv) && is_there(c);
		dialogue_say(
		    &s->d, is_up ? "mailchuted runs\n" : "it did not start\n");
	}
	if (!is_up)
		say_start(s, command);
	free(text);
	free(command);
	return is_up;
}

static bool
bring_up(struct setup *s, const struct conf *c)
{
	struct err e;
	int fd = ctl_link_connect(c->queue.socket_directory, &e);
	bool is_up;

	if (fd == -1)
		return start(s, c);
	is_up = reload(s, c, fd);
	close(fd);
	return is_up;
}

/* ---- the doctor, and a message ----------------------------------------------
 */

static const char *
wrong_test(const char *answer)
{
	return strcmp(answer, "none") == 0 ? NULL : setup_wrong_address(answer);
}

/* Neither is ours to interrupt: ^C ends the program from here on. */
static int
check_and_test(struct setup *s, const struct conf *c, struct args *a)
{
	const struct question to = { .ask = "Send a test message to",
		.help = "An address at which you see whether it comes, best at "
			"another provider. \"none\" sends nothing.",
		.fallback = s->a.admin,
		.wrong = wrong_test };
	char *address;
	int status;

	dialogue_say(&s->d, "\n");
	dialogue_close(&s->d);
	status = run_check(a, c);
	printf("\n");
	if (dialogue_open(&s->d, STDIN_FILENO, stdout) == -1 ||
	    (address = dialogue_ask(&s->d, &to)) == NULL)
		return status == 2 ? EX_UNAVAILABLE : EX_OK;
	dialogue_close(&s->d);
	if (strcmp(address, "none") == 0) {
		status = status == 2 ? EX_UNAVAILABLE : EX_OK;
	} else {
		a->word = address;
		a->account = NULL;
		status = run_test(a, c);
	}
	free(address);
	return status;
}

int
setup_end(struct setup *s, enum setup_end how)
{
	struct conf_problems p = { { NULL, 0 }, { NULL, 0 } };
	struct conf *c = conf_load(s->conf_path, CONF_FULL, NULL, &p);
	struct args a = *s->args;
	int status = EX_CONFIG;
	bool is_up;

	a.problems = &p;
	if (c == NULL) {
		complain("the configuration that was written cannot be read: "
			 "mailchute config says why");
	} else {
		is_up = bring_up(s, c);
		if (how == SETUP_UNPROVED) {
			dialogue_say(&s->d,
			    "\nMail is taken, and waits until the account can "
			    "sign in.\nTo go on: mailchute setup\n");
			status = EX_TEMPFAIL;
		} else if (!is_up) {
			status = EX_UNAVAILABLE; /* as was said */
		} else {
			status = check_and_test(s, c, &a);
		}
	}
	conf_free(c);
	conf_problems_clear(&p);
	return status;
}
