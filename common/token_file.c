/* SPDX-License-Identifier: ISC */
/*
 * The name of a refresh token's file.  An account's name may hold anything
 * that a section's may: nothing of it may lead out of the folder, and no two
 * accounts may have one file.
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/token_file.h"

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

int
token_file_name(const char *account, char name[TOKEN_FILE_MAX])
{
	size_t n = strlcpy(name, "account", TOKEN_FILE_MAX);
	const char *s;

	if (account[0] == '\0')
		return 0;
	name[n++] = '.';
	for (s = account; *s != '\0'; s++) {
		/* Three octets, and the NUL. */
		if (n + 4 > TOKEN_FILE_MAX)
			return -1;
		if (is_plain(*s))
			name[n++] = *s;
		else
			n += (size_t)snprintf(name + n, TOKEN_FILE_MAX - n,
			    "%%%02x", (unsigned)(unsigned char)*s);
	}
	name[n] = '\0';
	return 0;
}
