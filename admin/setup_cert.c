/* SPDX-License-Identifier: ISC */
/*
 * A key and a certificate that it signs itself, which is all that Entra asks
 * for.  openssl(1) makes them: this program links no cryptography, and reads
 * no key (docs/architecture.md).
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/openssl.h"
#include "admin/setup.h"
#include "common/spawn.h"
#include "common/xalloc.h"

#define DAYS    "730"
#define PEM_MAX 8192

static int
run(const char *const *argv, struct err *e)
{
	struct spawn p = { .argv = argv, .in = -1, .out = -1, .log = -1 };
	mode_t before = umask(077);
	int status = 0;
	pid_t pid;

	/* It draws dots. */
	p.log = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid = spawn_start(&p, e);
	umask(before);
	if (p.log != -1)
		close(p.log);
	if (pid == -1)
		return -1;
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_set(e, ERR_LOCAL, "4.3.0",
	    "\"%s req\" failed; run it by hand to see why", argv[0]);
}

/* What mailchuted's parent will find, by common/secret_rule.h. */
static int
set_rights(const struct setup *s, const char *path, mode_t mode, struct err *e)
{
	if ((geteuid() == 0 && chown(path, 0, s->gid) == -1) ||
	    chmod(path, mode) == -1)
		return err_errno(e, ERR_LOCAL, "4.3.0", "%s", path);
	return 0;
}

static int
sync_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd == -1 ? -1 : fsync(fd);

	if (rc == -1)
		err_errno(e, ERR_LOCAL, "4.3.0", "%s", path);
	if (fd != -1)
		close(fd);
	return rc;
}

static char *
subject(void)
{
	char host[256] = "";
	size_t i;

	/* A name for people who look at it in Entra. */
	if (gethostname(host, sizeof(host) - 1) == -1)
		host[0] = '\0';
	for (i = 0; host[i] != '\0'; i++)
		if (strchr("/+=,\\\"", host[i]) != NULL)
			host[i] = '-';
	host[40] = '\0';
	return xasprintf("/CN=mailchute on %s", host);
}

int
setup_make_certificate(struct setup *s, struct err *e)
{
	struct setup_file *c = &s->a.certificate, *k = &s->a.key;
	const char *openssl = openssl_find();
	char *name = subject(), *pem, *key;
	const char *argv[] = { openssl, "req", "-x509", "-newkey", "rsa:3072",
		"-nodes", "-sha256", "-days", DAYS, "-subj", name, "-keyout",
		NULL, "-out", NULL, NULL };
	int rc = -1;

	if (openssl == NULL) {
		err_set(e, ERR_LOCAL, "4.3.0",
		    "there is no openssl(1) on this host: install it (package "
		    "openssl), or make key and certificate elsewhere");
		free(name);
		return -1;
	}
	if (setup_stage_open(s, e) == -1) {
		free(name);
		return -1;
	}
	argv[12] = key = xasprintf("%s/key", s->stage);
	argv[14] = pem = xasprintf("%s/certificate", s->stage);
	if (run(argv, e) == 0 && set_rights(s, key, 0640, e) == 0 &&
	    set_rights(s, pem, 0644, e) == 0 && sync_file(key, e) == 0 &&
	    sync_file(pem, e) == 0) {
		free(c->name);
		free(k->name);
		free(c->staged);
		free(k->staged);
		c->name = setup_free_name(s, "certificate", ".pem");
		k->name = setup_free_name(s, "certificate", ".key");
		c->staged = pem;
		k->staged = key;
		pem = key = NULL;
		rc = 0;
	}
	free(name);
	free(pem);
	free(key);
	return rc;
}

/* The file may hold more: the key, in the worst case. */
static char *
only_certificate(char *text)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	static const char end[] = "-----END CERTIFICATE-----";
	char *from = strstr(text, begin), *to;

	if (from == NULL || (to = strstr(from, end)) == NULL)
		return NULL;
	to[sizeof(end) - 1] = '\0';
	return from;
}

/* So that it gets from a terminal onto the computer with the browser. */
int
setup_show_certificate(struct setup *s, struct err *e)
{
	int fd = setup_file_open(s, &s->a.certificate, e);
	char text[PEM_MAX + 1], *pem;
	ssize_t n;

	if (fd == -1)
		return -1;
	n = read(fd, text, PEM_MAX);
	close(fd);
	text[n <= 0 ? 0 : n] = '\0';
	if ((pem = only_certificate(text)) == NULL)
		err_set(e, ERR_LOCAL, "5.3.5",
		    "the file holds no certificate in PEM");
	else
		dialogue_say(&s->d,
		    "Save these lines as mailchute.cer on the computer with "
		    "the browser:\n\n%s\n\n",
		    pem);
	explicit_bzero(text, sizeof(text));
	return pem == NULL ? -1 : 0;
}
