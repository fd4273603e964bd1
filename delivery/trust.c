/* SPDX-License-Identifier: ISC */
/*
 * Finding the trust store.  The hashed folder is one of symbolic links, often
 * two deep and into other folders; the sandbox judges where a link ends, so
 * those places are found here, before it.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "delivery/trust.h"

/* "0a775a30.0", as c_rehash names a certificate. */
static bool
is_hash_name(const char *name)
{
	return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
	       name[9] >= '0' && name[9] <= '9';
}

/* Adds the folder in which the file at folder/name really lies. */
static void
add_place(struct trust *t, const char *folder, const char *name)
{
	char path[PATH_MAX], real[PATH_MAX], *slash;
	size_t i;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
		(int)sizeof(path) ||
	    realpath(path, real) == NULL)
		return; /* a dangling link: that certificate is not trusted */
	if ((slash = strrchr(real, '/')) == NULL || slash == real)
		return;
	*slash = '\0';
	for (i = 0; i < t->places.n; i++)
		if (strcmp(t->places.v[i], real) == 0)
			return;
	strlist_add(&t->places, real);
}

/* Fills t->places; false when the folder holds no certificate by hash. */
static bool
find_places(struct trust *t, const char *folder)
{
	struct dirent *entry;
	DIR *d;

	if ((d = opendir(folder)) == NULL)
		return false;
	while ((entry = readdir(d)) != NULL)
		if (is_hash_name(entry->d_name))
			add_place(t, folder, entry->d_name);
	closedir(d);
	return t->places.n > 0;
}

int
trust_find(struct trust *t, const char *ca_file, bool keeps_paths,
    const char *folder, const char *bundle, struct err *e)
{
	memset(t, 0, sizeof(*t));
	if (ca_file != NULL) {
		t->file = xstrdup(ca_file);
	} else if (keeps_paths && find_places(t, folder)) {
		t->folder = xstrdup(folder);
		return 0;
	} else {
		t->file = xstrdup(bundle);
	}
	if (access(t->file, R_OK) == 0)
		return 0;
	err_errno(e, err_class_of(errno), "4.3.5",
	    "no trusted certificates: %s (install the package "
	    "ca-certificates, or set account.tls_ca_file)",
	    t->file);
	trust_clear(t);
	return -1;
}

int
trust_read(const struct trust *t, struct err *e)
{
	int fd = open(t->file, O_RDONLY | O_CLOEXEC), rc = 0;
	char octets[4096];
	ssize_t n = -1;

	if (fd != -1)
		do
			n = read(fd, octets, sizeof(octets));
		while (n > 0 || (n == -1 && errno == EINTR));
	if (n == -1)
		rc = err_errno(e, err_class_of(errno), "4.3.5",
		    "the trusted certificates %s", t->file);
	if (fd != -1)
		close(fd);
	return rc;
}

void
trust_clear(struct trust *t)
{
	free(t->file);
	free(t->folder);
	strlist_clear(&t->places);
	t->file = NULL;
	t->folder = NULL;
}
