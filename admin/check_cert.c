/* SPDX-License-Identifier: ISC */
/* The doctor looks at a listener's certificate: its name, its end, its key. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin/check.h"
#include "admin/openssl.h"
#include "admin/text.h"
#include "common/clock.h"
#include "common/secret_rule.h"
#include "common/xalloc.h"

#define SAID_MAX 65536
#define SOON_S   (30 * 86400)
#define DAY_S    86400

struct cert {
	int64_t until; /* 0: not known */
	char names[512];
	const char *public_key; /* in PEM, within what openssl said */
};

/* What follows on the line that begins so; or NULL. */
static const char *
line_of(const char *said, const char *begins)
{
	const char *p = strstr(said, begins);

	if (p == NULL || (p != said && p[-1] != '\n'))
		return NULL;
	p += strlen(begins);
	return p;
}

static void
copy_line(char *to, size_t size, const char *from)
{
	size_t n = strcspn(from, "\n");

	strlcpy(to, from, n + 1 < size ? n + 1 : size);
}

/* "notAfter=Nov 30 01:23:29 2027 GMT" */
static int64_t
time_of(const char *text)
{
	struct tm tm;
	char line[64];

	memset(&tm, 0, sizeof(tm));
	copy_line(line, sizeof(line), text);
	if (strptime(line, "%b %d %H:%M:%S %Y GMT", &tm) == NULL)
		return 0;
	return (int64_t)timegm(&tm);
}

static void
read_cert(const char *said, struct cert *c)
{
	const char *until = line_of(said, "notAfter="),
		   *subject = line_of(said, "subject=");

	memset(c, 0, sizeof(*c));
	c->until = until == NULL ? 0 : time_of(until);
	c->public_key = line_of(said, "-----BEGIN PUBLIC KEY-----");
	if (subject != NULL)
		copy_line(c->names, sizeof(c->names), subject);
}

static void
say_end(
    struct check *k, const char *what, const char *path, const struct cert *c)
{
	int64_t left = c->until - clock_wall();
	char until[TEXT_TIME], *next;

	text_utc_time(c->until, until);
	next = xasprintf("put a new one at %s, then: systemctl reload "
			 "mailchuted, or: kill -HUP of it",
	    path);
	if (c->until == 0)
		check_say(k, CHECK_FAIL, what, next,
		    "%s holds no certificate that openssl(1) reads", path);
	else if (left <= 0)
		check_say(k, CHECK_FAIL, what, next,
		    "%s (%s) has ended, at %s: devices that look do not send",
		    path, c->names, until);
	else if (left < SOON_S)
		check_say(k, CHECK_WARN, what, next,
		    "%s (%s) ends in %lld days, at %s", path, c->names,
		    (long long)left / DAY_S, until);
	else
		check_say(k, CHECK_OK, what, NULL, "%s (%s) is good until %s",
		    path, c->names, until);
	free(next);
}

static void
say_match(struct check *k, const char *what, const char *openssl,
    const char *key, const struct cert *c)
{
	const char *argv[] = { openssl, "pkey", "-in", key, "-passin",
		"pass:", "-pubout", NULL };
	struct buf b;
	const char *theirs;

	if (access(key, R_OK) == -1 && errno == EACCES) {
		check_say(k, CHECK_UNKNOWN, what, "run it as root",
		    "whether the key belongs to it is not for you to see");
		return;
	}
	buf_init(&b, SAID_MAX);
	if (openssl_read(argv, &b) == -1)
		check_say(k, CHECK_FAIL, what,
		    "write the key there in PEM, without a passphrase",
		    "%s holds no key that openssl(1) reads", key);
	else if ((theirs = line_of(
		      buf_data(&b), "-----BEGIN PUBLIC KEY-----")) == NULL ||
		 c->public_key == NULL ||
		 strncmp(theirs, c->public_key, strlen(theirs)) != 0)
		check_say(k, CHECK_FAIL, what,
		    "have certificate_file and key_file name a pair",
		    "%s is not the key of this certificate", key);
	else
		check_say(k, CHECK_OK, what, NULL, "%s is the key of it", key);
	buf_wipe(&b);
}

void
check_cert(
    struct check *k, const char *what, const char *certificate, const char *key)
{
	const char *openssl = openssl_find();
	const char *argv[] = { openssl, "x509", "-in", certificate, "-noout",
		"-subject", "-nameopt", "RFC2253", "-enddate", "-pubkey",
		NULL };
	struct cert c;
	struct buf b;

	if (access(certificate, R_OK) == -1)
		return; /* told with the files */
	if (openssl == NULL) {
		check_say(k, CHECK_UNKNOWN, what, "install openssl(1)",
		    "what is in %s cannot be seen", certificate);
		return;
	}
	buf_init(&b, SAID_MAX);
	if (openssl_read(argv, &b) == -1)
		buf_truncate(&b, 0);
	read_cert(buf_data(&b), &c);
	say_end(k, what, certificate, &c);
	if (c.until != 0)
		say_match(k, what, openssl, key, &c);
	buf_clear(&b);
}
