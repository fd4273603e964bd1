/* SPDX-License-Identifier: ISC */
/* Are the folders still those that the daemon began with? */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "common/log.h"
#include "queue/folders.h"

void
folders_note(struct folders *f, const struct conf *conf)
{
	const struct conf_queue *q = &conf->queue;
	struct stat st;
	size_t i;

	memset(f, 0, sizeof(*f));
	f->v[FOLDER_QUEUE] = (struct folder){ .option = "queue.directory",
		.path = q->directory,
		.meanwhile = "no mail is taken into the queue" };
	f->v[FOLDER_SOCKETS] =
	    (struct folder){ .option = "queue.socket_directory",
		    .path = q->socket_directory,
		    .meanwhile = "mail goes by the drop folder, and mailq and "
				 "mailchute find no daemon" };
	f->v[FOLDER_DROPS] = (struct folder){ .option = "queue.drop_directory",
		.path = q->drop_directory,
		.meanwhile = "mail that finds the daemon busy has no place to "
			     "wait" };
	for (i = 0; i < FOLDERS; i++)
		if (stat(f->v[i].path, &st) == 0) {
			f->v[i].dev = st.st_dev;
			f->v[i].ino = st.st_ino;
		} else
			f->v[i].is_gone = true; /* its user has said so */
}

static void
tell(const struct folder *d, int priority, const char *text, const char *fix)
{
	struct buf b;

	buf_init(&b, LOG_LINE_MAX);
	log_begin(&b, "folder");
	log_str(&b, "option", d->option);
	log_str(&b, "folder", d->path);
	log_str(&b, "text", text);
	log_str(&b, "meanwhile", fix == NULL ? NULL : d->meanwhile);
	log_str(&b, "fix", fix);
	log_end(&b, priority);
	buf_clear(&b);
}

/* False when it is another one. */
static bool
look(struct folder *d)
{
	struct stat st;

	if (stat(d->path, &st) == -1) {
		if (!d->is_gone)
			tell(d, LOG_ERR, strerror(errno),
			    "make it, or start mailchuted anew");
		d->is_gone = true;
		return true;
	}
	if (st.st_dev == d->dev && st.st_ino == d->ino) {
		if (d->is_gone)
			tell(d, LOG_NOTICE, "it is back", NULL);
		d->is_gone = false;
		return true;
	}
	tell(d, LOG_WARNING, "another folder lies in its place, and is used",
	    NULL);
	return false;
}

bool
folders_look(struct folders *f)
{
	bool are_same = true;
	size_t i;

	for (i = 0; i < FOLDERS; i++)
		if (!look(&f->v[i]))
			are_same = false;
	return are_same;
}
