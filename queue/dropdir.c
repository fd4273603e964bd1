/* SPDX-License-Identifier: ISC */
/*
 * Replay of the drop folder.
 *
 * Anyone may create files here, so nothing about them is believed: a name is
 * opened without following links and without waiting, and only a regular file
 * with one link, of the folder's group and of a sane size is read.  Its owner
 * is who it is from.  A file without its END is still being written, or was
 * given up; a round over the folder takes a fair share of each owner's files,
 * in slices, so that nobody's heap of files delays another's mail.
 */
#include "config.h"

#include <sys/inotify.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/proto_submit.h"
#include "common/xalloc.h"
#include "queue/admit.h"
#include "queue/dropdir.h"
#include "queue/dropfile.h"
#include "queue/loop.h"
#include "queue/store.h"
#include "queue/incoming.h"

#define ROUND_S     60   /* a round at least so often */
#define SLICE       256  /* names looked at before others have their turn */
#define FILES_MAX   16   /* files read side by side */
#define OWNER_SHARE 1000 /* files of one owner in a round */
#define ASIDE       "aside."

struct file {
	TAILQ_ENTRY(file) entry;
	struct dropdir *dir;
	char *name;
	int fd;
	uid_t owner;
	struct buf in;
	struct incoming *incoming;
};

/* What a round has had of one owner. */
struct owner {
	uid_t uid;
	unsigned taken;
	bool is_refused; /* for now: his other files wait as well */
};

struct dropdir {
	struct dropdir_parts parts;
	int fd; /* of the folder; every name is looked up below it */
	gid_t gid;
	int notify;
	struct event *notified;
	struct event *minute;
	struct event *slice;
	DIR *round;   /* where the round is; NULL: none */
	bool is_more; /* another round is wanted at once */
	struct owner *owners;
	size_t nowners;
	TAILQ_HEAD(, file) files;
	size_t nfiles;
	struct strlist reported; /* odd things, told once */
};

static void
file_close(struct file *f)
{
	struct dropdir *d = f->dir;

	TAILQ_REMOVE(&d->files, f, entry);
	d->nfiles--;
	incoming_free(f->incoming);
	close(f->fd);
	buf_clear(&f->in);
	free(f->name);
	free(f);
	if (d->slice != NULL)
		event_active(d->slice, EV_TIMEOUT, 0);
}

static struct owner *
owner_find(struct dropdir *d, uid_t uid)
{
	size_t i;

	for (i = 0; i < d->nowners; i++)
		if (d->owners[i].uid == uid)
			return &d->owners[i];
	d->owners =
	    xreallocarray(d->owners, d->nowners + 1, sizeof(*d->owners));
	d->owners[d->nowners] = (struct owner){ .uid = uid };
	return &d->owners[d->nowners++];
}

static void
log_file(int priority, const char *event, const struct dropdir *d,
    const char *name, const char *text)
{
	log_event(priority, event, "folder",
	    d->parts.conf->queue.drop_directory, "file", name, "text", text,
	    NULL);
}

/* What is not mail is kept, out of the way and named in the log. */
static void
put_aside(struct dropdir *d, const char *name, const char *why)
{
	char *to = xasprintf(ASIDE "%s", name);

	if (renameat(d->fd, name, d->fd, to) == -1)
		log_file(LOG_ERR, "drop-file-stuck", d, name, strerror(errno));
	else
		log_file(LOG_ERR, "drop-file-aside", d, to, why);
	free(to);
}

static void
on_end(void *arg, uint64_t queue_id, const struct err *why)
{
	struct file *f = arg;
	struct dropdir *d = f->dir;
	char id[QUEUE_ID_TEXT];

	if (why == NULL) {
		queue_id_format(queue_id, id);
		log_event(
		    LOG_INFO, "replayed", "id", id, "file", f->name, NULL);
		if (unlinkat(d->fd, f->name, 0) == -1 && errno != ENOENT)
			log_file(LOG_ERR, "drop-file-stuck", d, f->name,
			    strerror(errno));
	} else if (why->class == ERR_PERM)
		put_aside(d, f->name, why->text);
	else {
		owner_find(d, f->owner)->is_refused = true;
		log_file(LOG_NOTICE, "drop-file-waits", d, f->name, why->text);
	}
	file_close(f);
}

/* One read more into the buffer; -1 when there is none to be had. */
static int
read_more(struct file *f, struct err *e)
{
	char *to = buf_reserve(&f->in, FRAME_RAW_MAX);
	ssize_t n;

	if (to == NULL)
		return err_set(e, ERR_PERM, "5.5.0", "a frame is too long");
	n = read(f->fd, to, FRAME_RAW_MAX);
	if (n == -1)
		/* EAGAIN is a lease that its owner holds on it. */
		return err_errno(e, ERR_TEMP, "4.3.0", "cannot be read");
	if (n == 0)
		return err_set(e, ERR_PERM, "5.5.0", "END came too early");
	buf_grew(&f->in, (size_t)n);
	return 0;
}

/*
 * Reads on until a commit is waited for, or the end.  What lies in the buffer
 * goes first: after a commit it may be all that is left of the file.
 */
static void
read_on(void *arg)
{
	struct file *f = arg;
	struct err e;

	for (;;) {
		if (incoming_feed(f->incoming, &f->in, &e) == -1)
			break;
		if (incoming_is_busy(f->incoming))
			return;
		if (read_more(f, &e) == -1)
			break;
	}
	on_end(f, 0, &e);
}

/* ---- judging a name --------------------------------------------------------
 */

static void
report_once(
    struct dropdir *d, const char *event, const char *name, const char *why)
{
	if (strlist_has(&d->reported, name))
		return;
	/* Names are free for anyone to make: remember a few. */
	if (d->reported.n > 1000)
		strlist_clear(&d->reported);
	strlist_add(&d->reported, name);
	log_file(LOG_WARNING, event, d, name, why);
}

/* Has this owner's turn come, in this round? */
static bool
may_take(struct dropdir *d, uid_t uid)
{
	struct owner *o = owner_find(d, uid);

	if (o->is_refused)
		return false;
	if (o->taken == OWNER_SHARE) {
		d->is_more = true;
		return false;
	}
	o->taken++;
	return true;
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

static void
file_start(struct dropdir *d, const char *name, int fd, uid_t owner)
{
	struct file *f = xcalloc(1, sizeof(*f));
	struct admission_caller caller = { owner, on_end, read_on, f };

	f->dir = d;
	f->name = xstrdup(name);
	f->fd = fd;
	f->owner = owner;
	buf_init(&f->in, FRAME_RECV_MAX);
	f->incoming = incoming_new(d->parts.admit, &caller);
	TAILQ_INSERT_TAIL(&d->files, f, entry);
	d->nfiles++;
	read_on(f);
}

static void
consider(struct dropdir *d, const char *name)
{
	struct dropfile f;

	if (name[0] == '.' || strncmp(name, ASIDE, strlen(ASIDE)) == 0 ||
	    is_being_read(d, name))
		return;
	if (d->nfiles >= FILES_MAX) {
		d->is_more = true;
		return;
	}
	switch (dropfile_open(d->fd, d->gid, name,
	    d->parts.conf->queue.message_size_max, d->parts.now(), &f)) {
	case DROPFILE_COMPLETE:
		if (may_take(d, f.owner))
			file_start(d, name, f.fd, f.owner);
		else
			close(f.fd);
		break;
	case DROPFILE_NO_MESSAGE:
		put_aside(d, name, f.why);
		break;
	case DROPFILE_ODD:
		report_once(d, "drop-file-odd", name, f.why);
		break;
	case DROPFILE_NEWER:
		report_once(d, "drop-file-newer", name, f.why);
		break;
	case DROPFILE_LATER:
		break;
	}
}

/* ---- rounds ----------------------------------------------------------------
 */

static void
end_round(struct dropdir *d)
{
	closedir(d->round);
	d->round = NULL;
	event_active(d->slice, EV_TIMEOUT, 0);
}

static void
continue_round(struct dropdir *d)
{
	const struct dirent *de;
	int n;

	for (n = 0; n < SLICE && d->nfiles < FILES_MAX; n++) {
		if ((de = readdir(d->round)) == NULL) {
			end_round(d);
			return;
		}
		consider(d, de->d_name);
	}
	/* With every place taken, file_close wakes us. */
	if (d->nfiles < FILES_MAX)
		event_active(d->slice, EV_TIMEOUT, 0);
}

void
dropdir_begin(struct dropdir *d)
{
	int fd;

	if (d->round != NULL) {
		d->is_more = true;
		return;
	}
	d->is_more = false;
	d->nowners = 0;
	fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || (d->round = fdopendir(fd)) == NULL) {
		log_file(LOG_ERR, "drop-folder", d, ".", strerror(errno));
		if (fd != -1)
			close(fd);
		return;
	}
	continue_round(d);
}

static void
on_slice(evutil_socket_t fd, short what, void *arg)
{
	struct dropdir *d = arg;

	(void)fd;
	(void)what;
	if (d->round != NULL)
		continue_round(d);
	else if (d->is_more)
		dropdir_begin(d);
	else if (d->nfiles == 0)
		d->parts.done(d->parts.arg);
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
	if (d->is_more)
		event_active(d->slice, EV_TIMEOUT, 0);
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
	d->fd = d->notify = -1;
	TAILQ_INIT(&d->files);
	if (open_folder(d, e) == -1) {
		dropdir_free(d);
		return NULL;
	}
	d->notified =
	    make_event(d, d->notify, EV_READ | EV_PERSIST, on_notified);
	d->minute = make_event(d, -1, EV_PERSIST, on_minute);
	d->slice = make_event(d, -1, 0, on_slice);
	event_priority_set(d->slice, LOOP_PRIORITY_IDLE);
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
	if (d->round != NULL)
		closedir(d->round);
	if (d->slice != NULL)
		event_free(d->slice);
	d->slice = NULL;
	for (f = TAILQ_FIRST(&d->files); f != NULL; f = next) {
		next = TAILQ_NEXT(f, entry);
		file_close(f);
	}
	if (d->notified != NULL)
		event_free(d->notified);
	if (d->minute != NULL)
		event_free(d->minute);
	if (d->fd != -1)
		close(d->fd);
	if (d->notify != -1)
		close(d->notify);
	strlist_clear(&d->reported);
	free(d->owners);
	free(d);
}
