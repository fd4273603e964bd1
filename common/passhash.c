/* SPDX-License-Identifier: ISC */
/*
 * crypt(3).  libcrypt has its own default for a new hash, but of some
 * distributions it is one that is quick to guess by; so the method is ours.
 */
#include "config.h"

#include <crypt.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/passhash.h"
#include "common/users.h"
#include "common/xalloc.h"

#define SALT_CHARS 16 /* of sha512crypt, at most */

/* Made of a random password that nobody has kept. */
const char *
passhash_nobody(void)
{
	return "$y$j9T$B4y1DDWEfSAsFqBWdijjH0$"
	       "kkIuvvHU6V0BHIiA0sMMHBKWJ.MYaFlMU7VW8Ay89F9";
}

/* The hash of it into out; -1 when the setting is none that is known. */
static int
hash(const char *password, const char *setting, char out[PASSHASH_MAX])
{
	struct crypt_data *data = xcalloc(1, sizeof(*data));
	const char *made = crypt_r(password, setting, data);
	int rc = -1;

	/* "*0" and "*1" are libcrypt's words for a failure. */
	if (made != NULL && made[0] != '*' && strlen(made) < PASSHASH_MAX) {
		strlcpy(out, made, PASSHASH_MAX);
		rc = 0;
	}
	explicit_bzero(data, sizeof(*data));
	free(data);
	return rc;
}

static int
make_sha512(const char *password, char out[PASSHASH_MAX])
{
	static const char digits[] = "./0123456789"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";
	unsigned char random[SALT_CHARS];
	char setting[SALT_CHARS + 32] = "$6$rounds=200000$";
	size_t i, n = strlen(setting);

	if (getentropy(random, sizeof(random)) == -1)
		return -1;
	for (i = 0; i < SALT_CHARS; i++)
		setting[n + i] = digits[random[i] & 63];
	setting[n + SALT_CHARS] = '\0';
	return hash(password, setting, out);
}

static int
make_yescrypt(const char *password, char out[PASSHASH_MAX])
{
#ifdef HAVE_CRYPT_GENSALT_RN
	char setting[PASSHASH_MAX];

	if (crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) ==
	    NULL)
		return -1;
	return hash(password, setting, out);
#else
	(void)password;
	(void)out;
	return -1;
#endif
}

int
passhash_make(const char *password, char out[PASSHASH_MAX], struct err *e)
{
	if (strlen(password) > USERS_PASSWORD_MAX)
		return err_set(e, ERR_LOCAL, "5.7.0",
		    "the password has more than %d octets", USERS_PASSWORD_MAX);
	if (make_yescrypt(password, out) == 0 ||
	    make_sha512(password, out) == 0)
		return 0;
	return err_errno(e, ERR_LOCAL, "4.3.0",
	    "crypt(3) makes neither yescrypt nor sha512crypt");
}

int
passhash_check(
    const char *password, const char *known, bool *is_right, struct err *e)
{
	char made[PASSHASH_MAX], padded[PASSHASH_MAX];
	unsigned char differ = 0;
	size_t i;

	*is_right = false;
	memset(made, 0, sizeof(made));
	memset(padded, 0, sizeof(padded));
	if (strlen(known) >= sizeof(padded) ||
	    hash(password, known, made) == -1)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "crypt(3) of this system does not know its hash; "
		    "\"mailchute "
		    "passwd\" makes another");
	strlcpy(padded, known, sizeof(padded));
	for (i = 0; i < sizeof(made); i++)
		differ |= (unsigned char)(made[i] ^ padded[i]);
	*is_right = differ == 0;
	explicit_bzero(made, sizeof(made));
	explicit_bzero(padded, sizeof(padded));
	return 0;
}
