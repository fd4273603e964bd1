/* SPDX-License-Identifier: ISC */
/* Where secrets lie, and who may be able to read or change them. */
#include "config.h"

#include <sys/stat.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/secret_rule.h"
#include "common/xalloc.h"

const char *
secret_name(const struct conf_account *a)
{
	switch (a->auth) {
	case AUTH_XOAUTH2:
		return a->token_file;
	case AUTH_LOGIN:
	case AUTH_PLAIN:
		return a->password_file;
	case AUTH_NONE:
		break;
	}
	return NULL;
}

size_t
secret_files(
    const struct conf_account *a, struct secret_file out[SECRET_FILES_MAX])
{
	const struct secret_file all[] = {
		{ "password_file", a->password_file, false },
		{ "token_file", a->token_file, false },
		{ "client_secret_file", a->client_secret_file, false },
		{ "certificate_file", a->certificate_file, true },
		{ "key_file", a->key_file, false },
		/* Its mode is the platform's, and cannot be mended here. */
		{ "federated_token_file", a->federated_token_file, true },
	};
	bool asks = conf_asks_tokens(a);
	const char *own = secret_name(a);
	size_t i, n = 0;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].name != NULL && n < SECRET_FILES_MAX &&
		    (i < 2 ? all[i].name == own : asks))
			out[n++] = all[i];
	return n;
}

bool
secret_is_file(const struct conf_account *a)
{
	struct secret_file files[SECRET_FILES_MAX];

	/* token stores a refresh token in one. */
	return secret_files(a, files) > 0 ||
	       (conf_asks_tokens(a) && a->grant == GRANT_REFRESH_TOKEN);
}

static const char *
credentials_directory(void)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");

	return dir == NULL || dir[0] != '/' ? NULL : dir;
}

char *
secret_path(const struct conf *conf, const char *name)
{
	const char *slash, *dir = credentials_directory();

	if (name[0] == '/')
		return xstrdup(name);
	if (dir != NULL)
		return xasprintf("%s/%s", dir, name);
	if ((slash = strrchr(conf->path, '/')) == NULL)
		return xstrdup(name);
	return xasprintf(
	    "%.*s/%s", (int)(slash - conf->path), conf->path, name);
}

/* systemd makes that folder and its files; their group bits say nothing. */
static bool
is_credential(const char *path)
{
	const char *dir = credentials_directory();
	size_t n;

	if (dir == NULL)
		return false;
	n = strlen(dir);
	return strncmp(path, dir, n) == 0 && path[n] == '/' &&
	       strstr(path + n, "/../") == NULL;
}

static int
judge_owner(const struct stat *st, const char *path, uid_t uid, struct err *e)
{
	if (!S_ISREG(st->st_mode))
		return err_set(
		    e, ERR_LOCAL, "5.3.5", "%s is not a regular file", path);
	if (st->st_uid != 0 && st->st_uid != uid)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "%s belongs to uid %lu, who could change it: "
		    "chown %lu %s && chmod 0600 %s",
		    path, (unsigned long)st->st_uid, (unsigned long)uid, path,
		    path);
	return 0;
}

int
secret_judge_public(
    const struct stat *st, const char *path, uid_t uid, struct err *e)
{
	if (judge_owner(st, path, uid, e) == -1)
		return -1;
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "%s can be changed by others (mode %04o): chmod 0644 %s",
		    path, (unsigned)(st->st_mode & 07777), path);
	return 0;
}

int
secret_judge(const struct stat *st, const char *path, uid_t uid, gid_t gid,
    struct err *e)
{
	mode_t group = is_credential(path) ? 0 : S_IRWXG;

	if (judge_owner(st, path, uid, e) == -1)
		return -1;
	if ((st->st_mode & S_IRWXO) != 0 ||
	    ((st->st_mode & group) != 0 && st->st_gid != gid))
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "%s can be read by others (mode %04o): "
		    "chown %lu:%lu %s && chmod 0640 %s",
		    path, (unsigned)(st->st_mode & 07777),
		    (unsigned long)st->st_uid, (unsigned long)gid, path, path);
	return 0;
}
