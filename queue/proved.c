/* SPDX-License-Identifier: ISC */
/* Which hosts are known to speak TLS 1.2 or later. */
#include "config.h"

#include <sys/stat.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/strlist.h"
#include "common/xalloc.h"
#include "queue/batch.h"
#include "queue/proved.h"
#include "queue/store.h"

#define PREFIX    "proved " /* of a fact */
#define HOSTS_MAX 10000

struct proved {
	struct store *store;
	char *folder;
	struct strlist hosts;
};

/* Its name without the port, in lower case. */
static int
name_of(const char *text, char host[CONF_HOST_MAX])
{
	unsigned port = 0;
	size_t i;

	if (conf_host_split(text, host, &port) == -1)
		return -1;
	for (i = 0; host[i] != '\0'; i++)
		host[i] = (char)tolower((unsigned char)host[i]);
	/* It becomes the name of a file. */
	return host[0] == '.' || strchr(host, '/') != NULL ? -1 : 0;
}

bool
proved_has(const struct proved *p, const char *host)
{
	char name[CONF_HOST_MAX];

	return name_of(host, name) == 0 && strlist_has(&p->hosts, name);
}

/* ---- the folder ---- */

/* Its mode is the same whatever queue.directory hands down. */
static int
make_folder(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return -1;
	if (lstat(path, &st) == -1)
		return -1;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return -1;
	}
	return (st.st_mode & 07777) == 0700 ? 0 : chmod(path, 0700);
}

static int
sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd == -1)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

static int
write_file(const char *path, const char *text)
{
	int fd, rc = -1;
	size_t n = strlen(text);

	fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	if (write(fd, text, n) == (ssize_t)n && fsync(fd) == 0)
		rc = 0;
	close(fd);
	return rc;
}

/* The fact stands all the same. */
static void
put_file(const struct proved *p, const char *host, const char *tls)
{
	char *path = xasprintf("%s/%s", p->folder, host);
	char *text = xasprintf("%s has spoken %s\n", host, tls);

	if (make_folder(p->folder) == -1 || write_file(path, text) == -1 ||
	    sync_folder(p->folder) == -1)
		log_event(LOG_WARNING, "proved-file", "file", path, "text",
		    strerror(errno), NULL);
	free(path);
	free(text);
}

/* Of the files; no folder is no file. */
static void
read_folder(const struct proved *p, struct strlist *to)
{
	DIR *d = opendir(p->folder);
	const struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL && to->n < HOSTS_MAX)
		if (entry->d_name[0] != '.')
			strlist_add(to, entry->d_name);
	if (d != NULL)
		closedir(d);
}

/* ---- both ---- */

static int
put_fact(struct store *s, const char *host, struct err *e)
{
	char *name = xasprintf(PREFIX "%s", host);
	int rc = store_fact_put(s, name, "yes", e);

	free(name);
	return rc;
}

/* What only the folder has; before anything else is written. */
static int
put_facts(
    struct store *s, const struct strlist *hosts, size_t from, struct err *e)
{
	size_t i;

	if (from == hosts->n)
		return 0;
	if (store_begin(s, e) == -1)
		return -1;
	for (i = from; i < hosts->n; i++)
		if (put_fact(s, hosts->v[i], e) == -1) {
			store_rollback(s);
			return -1;
		}
	return store_commit(s, e);
}

static int
read_facts(struct proved *p, struct err *e)
{
	struct strlist names = { NULL, 0 };
	int rc = store_fact_names(p->store, PREFIX, HOSTS_MAX, &names, e);
	size_t i;

	for (i = 0; i < names.n; i++)
		strlist_add(&p->hosts, names.v[i] + strlen(PREFIX));
	strlist_clear(&names);
	return rc == -1 ? -1 : 0;
}

struct proved *
proved_open(
    const char *directory, struct store *s, bool may_write, struct err *e)
{
	struct proved *p = xcalloc(1, sizeof(*p));
	struct strlist files = { NULL, 0 };
	size_t i, known;

	p->store = s;
	p->folder = xasprintf("%s/proved", directory);
	if (read_facts(p, e) == -1) {
		proved_free(p);
		return NULL;
	}
	known = p->hosts.n;
	read_folder(p, &files);
	for (i = 0; i < files.n; i++)
		if (!strlist_has(&p->hosts, files.v[i]))
			strlist_add(&p->hosts, files.v[i]);
	for (i = 0; may_write && i < known; i++)
		if (!strlist_has(&files, p->hosts.v[i]))
			put_file(p, p->hosts.v[i], "TLS 1.2 or later");
	strlist_clear(&files);
	if (may_write && put_facts(s, &p->hosts, known, e) == -1) {
		proved_free(p);
		return NULL;
	}
	return p;
}

void
proved_free(struct proved *p)
{
	if (p == NULL)
		return;
	strlist_clear(&p->hosts);
	free(p->folder);
	free(p);
}

struct note {
	struct store *store;
	char host[CONF_HOST_MAX];
};

static int
note_work(void *arg, struct err *e)
{
	const struct note *n = arg;

	return put_fact(n->store, n->host, e);
}

/* The file says it, and the next start puts it right. */
static void
note_done(void *arg, const struct err *failed)
{
	if (failed != NULL)
		log_event(LOG_WARNING, "proved-not-saved", "text", failed->text,
		    NULL);
	free(arg);
}

bool
proved_note(
    struct proved *p, struct batch *b, const char *host, const char *tls)
{
	struct note *n = xcalloc(1, sizeof(*n));

	if (name_of(host, n->host) == -1 || strlist_has(&p->hosts, n->host)) {
		free(n);
		return false;
	}
	n->store = p->store;
	strlist_add(&p->hosts, n->host);
	put_file(p, n->host, tls);
	log_event(LOG_NOTICE, "proved", "host", n->host, "tls", tls, NULL);
	batch_join(b, 0, note_work, note_done, n);
	return true;
}
