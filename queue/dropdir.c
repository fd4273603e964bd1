/* SPDX-License-Identifier: ISC */
/*
 * Replay of the drop folder.
 *
 * Anyone may create files here, so nothing about them is believed: a name is
 * opened without following links and without waiting, and only a regular file
 * with one link, of the folder's group and of a sane size is read.  Its owner
 * is who it is from.  A file without its END is still being written, or was
 * given up.
 *
 * A round walks over the whole folder, in slices, and sorts the names of what
 * is ready into a line for each owner (dropturn.c); they are read in turns
 * while the walk goes on.  What is noticed between rounds joins the lines.
 */
#include "config.h"

#include <sys/inotify.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "queue/dropaway.h"
#include "queue/dropdir.h"
#include "queue/dropfile.h"
#include "queue/dropodd.h"
#include "queue/dropread.h"
#include "queue/dropturn.h"
#include "queue/loop.h"
#include "queue/queue_id.h"

#define ROUND_S   60  /* a round at least so often */
#define SLICE     256 /* names looked at before others have their turn */
#define FILES_MAX 16  /* files read side by side */

struct file {
	TAILQ_ENTRY(file) entry;
	struct dropdir *dir;
	char *name;
	struct dropfile_id id;
	uid_t owner;
	struct dropread *read;
};

struct dropdir {
	struct dropdir_parts parts;
	struct dropread_parts reading;
	int fd; /* of the folder; every name is looked up below it */
	gid_t gid;
	int notify;
	struct event *notified;
	struct event *minute;
	struct loop_idle *slice;
	DIR *walk;     /* where the round is in the folder; NULL: through */
	bool in_round; /* until all that it found was read */
	bool is_more;  /* another round is wanted at once */
	struct dropturn *turns;
	struct dropodd *odd;
	TAILQ_HEAD(, file) files;
	size_t nfiles;
};

static void
log_file(int priority, const char *event, const struct dropdir *d,
    const char *name, const char *text)
{
	log_event(priority, event, "folder",
	    d->parts.conf->queue.drop_directory, "file", name, "text", text,
	    NULL);
}

static void
report_once(
    struct dropdir *d, const char *event, const char *name, const char *why)
{
	if (dropodd_note(d->odd, name))
		log_file(LOG_WARNING, event, d, name, why);
}

/* What is not mail is kept, out of the way and named in the log. */
static void
put_aside(struct dropdir *d, const char *name, const struct dropfile_id *id,
    const char *why)
{
	char to[NAME_MAX + 1];
	struct err e;

	if (dropaway_aside(d->fd, name, id, to, &e) == -1)
		report_once(d, "drop-file-stuck", name, e.text);
	else if (to[0] != '\0')
		log_file(LOG_ERR, "drop-file-aside", d, to, why);
}

/* ---- files being read ---- */

static void
file_close(struct file *f)
{
	struct dropdir *d = f->dir;

	TAILQ_REMOVE(&d->files, f, entry);
	d->nfiles--;
	dropread_free(f->read);
	free(f->name);
	free(f);
}

/* Only now: its message, or the bounce of it, is on disk. */
static void
remove_file(struct file *f, uint64_t queue_id, const char *event)
{
	char id[QUEUE_ID_TEXT];
	struct err e;

	queue_id_format(queue_id, id);
	log_event(LOG_INFO, event, "id", id, "file", f->name, NULL);
	if (dropaway_remove(f->dir->fd, f->name, &f->id, &e) == -1)
		report_once(f->dir, "drop-file-stuck", f->name, e.text);
}

static void
on_end(void *arg, enum dropread_outcome outcome, uint64_t queue_id,
    const struct err *why)
{
	struct file *f = arg;
	struct dropdir *d = f->dir;

	switch (outcome) {
	case DROPREAD_TAKEN:
	case DROPREAD_BOUNCED:
		remove_file(f, queue_id,
		    outcome == DROPREAD_TAKEN ? "replayed"
					      : "drop-file-refused");
		if (dropturn_accepted(d->turns, f->owner, f->name))
			d->is_more = true;
		break;
	case DROPREAD_NO_MESSAGE:
		put_aside(d, f->name, &f->id, why->text);
		dropturn_passed(d->turns, f->owner);
		break;
	case DROPREAD_LATER:
		log_file(LOG_NOTICE, "drop-file-waits", d, f->name, why->text);
		dropturn_refused(
		    d->turns, f->owner, f->name, d->parts.mono_ms());
		break;
	}
	file_close(f);
	loop_idle_again(d->slice);
}

static bool
is_being_read(const struct dropdir *d, const char *name)
{
	const struct file *f;

	TAILQ_FOREACH(f, &d->files, entry)
	if (strcmp(f->name, name) == 0)
		return true;
	return false;
}

static enum dropfile_kind
open_file(const struct dropdir *d, const char *name, struct dropfile *df)
{
	return dropfile_open(d->fd, d->gid, name,
	    d->parts.conf->queue.message_size_max, d->parts.now(), df);
}

/*
 * Reads the file whose turn it is.  What it has become since it was found is
 * the next round's to judge.
 */
static void
file_start(struct dropdir *d, char *name, uid_t owner)
{
	struct dropfile df = { .fd = -1 };
	struct file *f;

	if (is_being_read(d, name) ||
	    open_file(d, name, &df) != DROPFILE_COMPLETE || df.owner != owner) {
		if (df.fd != -1)
			close(df.fd);
		dropturn_passed(d->turns, owner);
		free(name);
		return;
	}
	f = xcalloc(1, sizeof(*f));
	f->dir = d;
	f->name = name;
	f->id = df.id;
	f->owner = owner;
	TAILQ_INSERT_TAIL(&d->files, f, entry);
	d->nfiles++;
	f->read = dropread_start(&d->reading, df.fd, owner, on_end, f);
}

/* As many as there is room for. */
static void
serve(struct dropdir *d)
{
	uid_t owner;
	char *name;

	while ((name = dropturn_next(
		    d->turns, FILES_MAX - d->nfiles, &owner)) != NULL)
		file_start(d, name, owner);
}

/* ---- judging a name ---- */

/* A file that its owner may have read now. */
static void
consider_file(struct dropdir *d, const char *name)
{
	struct dropfile df;

	switch (open_file(d, name, &df)) {
	case DROPFILE_COMPLETE:
		dropturn_add(d->turns, df.owner, name);
		close(df.fd);
		break;
	case DROPFILE_NO_MESSAGE:
		put_aside(d, name, &df.id, df.why);
		break;
	case DROPFILE_ODD:
		report_once(d, "drop-file-odd", name, df.why);
		break;
	case DROPFILE_NEWER:
		report_once(d, "drop-file-newer", name, df.why);
		break;
	case DROPFILE_LATER:
		break;
	}
}

static void
consider(struct dropdir *d, const char *name)
{
	struct dropfile df;

	if (name[0] == '.' ||
	    strncmp(name, DROPAWAY_ASIDE, strlen(DROPAWAY_ASIDE)) == 0 ||
	    is_being_read(d, name))
		return;
	switch (dropfile_look(d->fd, d->gid, name, &df)) {
	case DROPFILE_ODD:
		report_once(d, "drop-file-odd", name, df.why);
		return;
	case DROPFILE_LATER:
	case DROPFILE_NEWER:
	case DROPFILE_NO_MESSAGE:
		return;
	case DROPFILE_COMPLETE:
		break;
	}
	switch (dropturn_may(d->turns, df.owner, name, d->parts.mono_ms())) {
	case DROPTURN_MAY:
		consider_file(d, name);
		break;
	case DROPTURN_SPENT:
	case DROPTURN_FULL:
		d->is_more = true;
		break;
	case DROPTURN_WAITS:
		break;
	}
}

/* ---- rounds ---- */

/* So many names further, unless too many wait already. */
static void
walk_on(struct dropdir *d)
{
	const struct dirent *de;
	int n;

	for (n = 0; n < SLICE && !dropturn_is_full(d->turns); n++) {
		if ((de = readdir(d->walk)) == NULL) {
			closedir(d->walk);
			d->walk = NULL;
			return;
		}
		consider(d, de->d_name);
	}
}

void
dropdir_begin(struct dropdir *d)
{
	int fd;

	if (d->in_round) {
		d->is_more = true;
		return;
	}
	d->is_more = false;
	dropturn_renew(d->turns, d->parts.mono_ms());
	fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || (d->walk = fdopendir(fd)) == NULL) {
		log_file(LOG_ERR, "drop-folder", d, ".", strerror(errno));
		if (fd != -1)
			close(fd);
		return;
	}
	d->in_round = true;
	dropodd_begin(d->odd);
	loop_idle_again(d->slice);
}

/* The walk is through, and all that it found was read. */
static void
end_round(struct dropdir *d)
{
	size_t untold = dropodd_end(d->odd);

	if (untold > 0)
		log_text(LOG_WARNING, "drop-file-odd",
		    "%zu more things in %s are no drop files, and stay there",
		    untold, d->parts.conf->queue.drop_directory);
	d->in_round = false;
	d->parts.done(d->parts.arg, !d->is_more);
	if (d->is_more)
		dropdir_begin(d);
}

static void
on_slice(void *arg)
{
	struct dropdir *d = arg;

	if (d->walk != NULL)
		walk_on(d);
	serve(d);
	/* With the lines full, the end of a file wakes us. */
	if (d->walk != NULL && !dropturn_is_full(d->turns))
		loop_idle_again(d->slice);
	else if (d->walk == NULL && d->nfiles == 0 && d->in_round)
		end_round(d);
	else if (d->nfiles == 0 && d->is_more && !d->in_round)
		dropdir_begin(d);
}

static void
on_minute(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	dropdir_begin(arg);
}

static void
on_notified(evutil_socket_t fd, short what, void *arg)
{
	char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)]
	    __attribute__((aligned(__alignof__(struct inotify_event))));
	struct dropdir *d = arg;
	const struct inotify_event *ev;
	const char *p;
	ssize_t n;

	(void)what;
	if ((n = read(fd, events, sizeof(events))) <= 0)
		return;
	for (p = events; p < events + n; p += sizeof(*ev) + ev->len) {
		ev = (const struct inotify_event *)(const void *)p;
		if ((ev->mask & IN_Q_OVERFLOW) != 0)
			dropdir_begin(d);
		else if (ev->len > 0)
			consider(d, ev->name);
	}
	loop_idle_again(d->slice);
}

/* ---- life ------------------------------------------------------------------
 */

static int
open_folder(struct dropdir *d, struct err *e)
{
	const char *path = d->parts.conf->queue.drop_directory;
	struct stat st;

	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd == -1 || fstat(d->fd, &st) == -1)
		return err_errno(e, ERR_LOCAL, "4.3.0",
		    "queue.drop_directory %s cannot be read", path);
	d->gid = st.st_gid;
	d->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (d->notify == -1 ||
	    inotify_add_watch(d->notify, path,
		IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR) == -1)
		return err_errno(e, ERR_TEMP, "4.3.0",
		    "queue.drop_directory %s cannot be watched", path);
	return 0;
}

static struct event *
make_event(struct dropdir *d, int fd, short what, event_callback_fn f)
{
	struct event *ev = event_new(d->parts.base, fd, what, f, d);

	if (ev == NULL)
		fatalx(EX_OSERR, "libevent: no event for the drop folder");
	return ev;
}

struct dropdir *
dropdir_new(const struct dropdir_parts *parts, struct err *e)
{
	static const struct timeval minute = { .tv_sec = ROUND_S };
	struct dropdir *d = xcalloc(1, sizeof(*d));

	d->parts = *parts;
	d->reading =
	    (struct dropread_parts){ parts->base, parts->admit, parts->refuse };
	d->fd = d->notify = -1;
	d->turns = dropturn_new();
	d->odd = dropodd_new();
	TAILQ_INIT(&d->files);
	if (open_folder(d, e) == -1) {
		dropdir_free(d);
		return NULL;
	}
	d->notified =
	    make_event(d, d->notify, EV_READ | EV_PERSIST, on_notified);
	d->minute = make_event(d, -1, EV_PERSIST, on_minute);
	d->slice = loop_idle_new(d->parts.base, on_slice, d);
	event_add(d->notified, NULL);
	event_add(d->minute, &minute);
	return d;
}

void
dropdir_free(struct dropdir *d)
{
	struct file *f, *next;

	if (d == NULL)
		return;
	for (f = TAILQ_FIRST(&d->files); f != NULL; f = next) {
		next = TAILQ_NEXT(f, entry);
		file_close(f);
	}
	if (d->walk != NULL)
		closedir(d->walk);
	loop_idle_free(d->slice);
	if (d->notified != NULL)
		event_free(d->notified);
	if (d->minute != NULL)
		event_free(d->minute);
	if (d->fd != -1)
		close(d->fd);
	if (d->notify != -1)
		close(d->notify);
	dropturn_free(d->turns);
	dropodd_free(d->odd);
	free(d);
}
