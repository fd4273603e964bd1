/* SPDX-License-Identifier: ISC */
/* What the parent hands to token, by single octets. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/memfile.h"
#include "common/proto_job.h"
#include "common/token_file.h"
#include "common/xalloc.h"
#include "queue/secret.h"
#include "queue/token_child.h"

#define PASS_MS 1000 /* a descriptor fits the buffer at once */

/* fd and where it leads, or why there is none and whether that may pass. */
static int
hand(int sock, int fd, const char *from, const struct err *why)
{
	char text[ERR_TEXT_MAX + 2]; /* cut to what fits */

	if (fd == -1)
		snprintf(text, sizeof(text), "%c %s",
		    why->class == ERR_TEMP ? SECRET_LATER : SECRET_NEVER,
		    why->text);
	return fdpass_send(
	    sock, fd, fd == -1 ? text : from, clock_mono_ms() + PASS_MS, NULL);
}

static int
hand_secret(int sock, const struct conf *conf, const char *name, bool is_public)
{
	struct err why;
	char *path;
	int fd, rc;

	if (name == NULL)
		return -1; /* it was not told to ask for that */
	path = secret_path(conf, name);
	fd = is_public ? secret_open_public(conf, name, &why)
		       : secret_open(conf, name, &why);
	rc = hand(sock, fd, path, &why);
	if (fd != -1)
		close(fd);
	free(path);
	return rc;
}

/* Only we and token may look into it. */
static int
open_folder(const char *path, struct err *e)
{
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT && mkdir(path, 0700) == 0)
		fd =
		    open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return err_errno(e, err_class_of(errno), "4.3.5", "%s", path);
	if (fstat(fd, &st) == -1) {
		err_errno(e, ERR_TEMP, "4.3.0", "%s", path);
	} else if (st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		err_set(e, ERR_LOCAL, "4.3.5",
		    "%s holds refresh tokens and is not for its owner alone: "
		    "chown %lu %s && chmod 0700 %s",
		    path, (unsigned long)geteuid(), path, path);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

static int
hand_folder(int sock, const struct conf *conf)
{
	char *path = xasprintf("%s/" TOKEN_FOLDER, conf->queue.directory);
	struct err why;
	int fd = open_folder(path, &why);
	int rc = hand(sock, fd, path, &why);

	if (fd != -1)
		close(fd);
	free(path);
	return rc;
}

static int
hand_place(struct token_child *t, int sock)
{
	struct err why;

	token_child_clear(t);
	t->place = memfile_new("token", &why);
	return hand(sock, t->place, "", &why);
}

/* Its own word that the token is complete; the answer has no descriptor. */
static int
keep_place(struct token_child *t, int sock, struct vault *vault)
{
	struct err why;

	if (t->place == -1)
		return -1;
	if (vault_keep(vault, t->account, t->place, &why) == -1)
		return hand(sock, -1, "", &why);
	t->place = -1;
	return fdpass_send(sock, -1, "", clock_mono_ms() + PASS_MS, NULL);
}

int
token_child_serve(struct token_child *t, char octet, int sock,
    const struct conf *conf, struct vault *vault)
{
	const struct conf_account *a = &conf->accounts[t->account];

	switch (octet) {
	case TOKEN_GIVE_SECRET:
		return hand_secret(sock, conf, a->client_secret_file, false);
	case TOKEN_GIVE_CERTIFICATE:
		return hand_secret(sock, conf, a->certificate_file, true);
	case TOKEN_GIVE_KEY:
		return hand_secret(sock, conf, a->key_file, false);
	case TOKEN_GIVE_FEDERATED:
		return hand_secret(sock, conf, a->federated_token_file, true);
	case TOKEN_GIVE_FOLDER:
		return hand_folder(sock, conf);
	case TOKEN_GIVE_PLACE:
		return hand_place(t, sock);
	case TOKEN_KEEP_PLACE:
		return keep_place(t, sock, vault);
	default:
		return -1;
	}
}

void
token_child_clear(struct token_child *t)
{
	if (t->place != -1)
		close(t->place);
	t->place = -1;
}
