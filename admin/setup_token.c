/* SPDX-License-Identifier: ISC */
/*
 * Getting a token as mailchuted will: the same program, with the same request,
 * as the same user.  It is handed what it asks for by common/secret_rule.h, and
 * the token stays in memory that nobody reads here.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/child.h"
#include "admin/setup.h"
#include "common/clock.h"
#include "common/fdpass.h"
#include "common/memfile.h"
#include "common/xalloc.h"

#define PROGRAM     PATH_LIBEXEC "/token"
#define PASS_MS     1000
#define REQUEST_MAX 65536
#define MORE_MS     10000 /* beyond its own deadline it hangs */
#define CODE_MS     (20 * 60 * 1000)

struct asking {
	struct setup *s;
	int place; /* memory that is handed out, and not complete */
	bool is_granted;
	struct token_failed failed;
};

static int
pass(int sock, int fd, const char *name, const struct err *why)
{
	char text[ERR_TEXT_MAX + 2];
	int rc;

	if (fd == -1)
		snprintf(text, sizeof(text), "%c %s",
		    why->class == ERR_TEMP ? SECRET_LATER : SECRET_NEVER,
		    why->text);
	rc = fdpass_send(
	    sock, fd, fd == -1 ? text : name, clock_mono_ms() + PASS_MS, NULL);
	return rc;
}

static int
pass_file(const struct asking *k, int sock, const struct setup_file *f)
{
	struct err why;
	int fd = setup_file_open(k->s, f, &why);
	int rc = pass(sock, fd, f->name == NULL ? "the answer" : f->name, &why);

	if (fd != -1)
		close(fd);
	return rc;
}

/* Where it leaves a refresh token, or finds the one that is there. */
static int
pass_folder(const struct asking *k, int sock)
{
	const struct setup *s = k->s;
	char *path = s->token_stage != NULL
			 ? xstrdup(s->token_stage)
			 : xasprintf("%s/tokens", s->queue_directory);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct err why;
	int rc;

	err_clear(&why);
	if (fd == -1)
		err_errno(&why, ERR_LOCAL, "4.3.5", "%s", path);
	rc = pass(sock, fd, path, &why);
	if (fd != -1)
		close(fd);
	free(path);
	return rc;
}

static int
pass_place(struct asking *k, int sock)
{
	struct err why;

	if (k->place != -1)
		close(k->place);
	k->place = memfile_new("token", &why);
	return pass(sock, k->place, "", &why);
}

/* It says that the token is complete. */
static int
keep(struct asking *k, int sock)
{
	struct setup_token *t = &k->s->token;
	struct err why;
	struct stat st;

	if (k->place == -1)
		return -1;
	if (!memfile_is_sealed(k->place) || fstat(k->place, &st) == -1 ||
	    st.st_size == 0) {
		err_set(&why, ERR_TEMP, "4.3.0", "the token is not complete");
		return pass(sock, -1, "", &why);
	}
	if (t->fd != -1)
		close(t->fd);
	t->fd = k->place;
	k->place = -1;
	return fdpass_send(sock, -1, "", clock_mono_ms() + PASS_MS, NULL);
}

static int
serve(void *arg, char octet, int sock)
{
	struct asking *k = arg;
	const struct setup_answers *a = &k->s->a;

	switch (octet) {
	case TOKEN_GIVE_SECRET:
		return pass_file(k, sock, &a->secret);
	case TOKEN_GIVE_CERTIFICATE:
		return pass_file(k, sock, &a->certificate);
	case TOKEN_GIVE_KEY:
		return pass_file(k, sock, &a->key);
	case TOKEN_GIVE_FEDERATED:
		return pass_file(k, sock, &a->federated);
	case TOKEN_GIVE_FOLDER:
		return pass_folder(k, sock);
	case TOKEN_GIVE_PLACE:
		return pass_place(k, sock);
	case TOKEN_KEEP_PLACE:
		return keep(k, sock);
	default:
		return -1;
	}
}

/* ---- frames ---- */

static void
show_code(struct setup *s, const struct token_code *c)
{
	dialogue_say(&s->d,
	    "\nOn any computer or telephone, open\n\n"
	    "    %s\n\n"
	    "enter the code\n\n"
	    "    %s\n\n"
	    "and sign in as %s.\n"
	    "(A shared mailbox: as somebody with FullAccess on it.)\n\n"
	    "Waiting for that, for %llu minutes at most ...\n",
	    c->uri, c->code, s->a.user,
	    (unsigned long long)(c->expires_s / 60));
	dialogue_flush(&s->d);
}

static int
hear(void *arg, const struct frame *f, int channel, struct err *e)
{
	struct asking *k = arg;
	struct token_code code;
	char text[ERR_TEXT_MAX];

	(void)channel;
	switch (f->type) {
	case TOKEN_CODE:
		if (token_get_code(f, &code, e) == -1)
			return -1;
		show_code(k->s, &code);
		return 0;
	case TOKEN_GRANTED:
		if (token_get_granted(f, &k->s->token.granted, e) == -1)
			return -1;
		k->is_granted = true;
		return 1;
	case TOKEN_FAILED:
		return token_get_failed(f, &k->failed, e) == -1 ? -1 : 1;
	case TOKEN_REFUSED:
		if (token_get_refused(f, text, e) == 0)
			err_set(e, ERR_LOCAL, "5.3.5",
			    PROGRAM " is of another version: %s", text);
		return -1;
	default:
		return err_set(e, ERR_TEMP, "4.3.0",
		    PROGRAM " says what is not known here");
	}
}

static void
own_failure(struct setup_finding *f, const struct err *e)
{
	memset(f, 0, sizeof(*f));
	strlcpy(f->step, "this host", sizeof(f->step));
	strlcpy(f->text, e->text, sizeof(f->text));
}

int
setup_get_token(struct setup *s, const struct conf *c, bool is_device,
    struct setup_finding *f)
{
	const struct conf_account *account = setup_account(s, c);
	struct asking k = { .s = s, .place = -1 };
	struct child child = { .program = PROGRAM,
		.uid = s->uid,
		.gid = s->gid,
		.octet = serve,
		.frame = hear,
		.arg = &k };
	struct token_ask ask;
	struct buf first;
	struct err e;
	int rc;

	token_ask_of(c, account, &ask);
	ask.is_device_code = is_device;
	child.deadline_ms = clock_mono_ms() + MORE_MS +
			    (is_device ? CODE_MS : (int64_t)ask.deadline_ms);
	buf_init(&first, REQUEST_MAX);
	child.first = &first;
	rc = token_put_ask(&first, &ask);
	if (rc == -1)
		err_set(&e, ERR_LOCAL, "5.3.5", "the request is too large");
	else
		rc = child_run(&child, &s->d, &e);
	if (rc == -1)
		own_failure(f, &e);
	else if (!k.is_granted)
		setup_judge_failed(&s->a, &k.failed, f);
	token_ask_clear(&ask);
	buf_clear(&first);
	if (k.place != -1)
		close(k.place);
	return rc == 0 && k.is_granted && s->token.fd != -1 ? 0 : -1;
}
