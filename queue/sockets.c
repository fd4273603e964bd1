/* SPDX-License-Identifier: ISC */
/* Making the local sockets, and taking those that somebody else has made. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "queue/sockets.h"

#define PASS_MS 1000 /* a descriptor fits the buffer at once */

#define BACKLOG 1024

static const char *const names[SOCKETS] = {
	[SOCKET_SUBMIT] = "submit",
	[SOCKET_CONTROL] = "control",
};

const char *
sockets_name(int which)
{
	return names[which];
}

void
sockets_init(struct sockets *s)
{
	int i;

	for (i = 0; i < SOCKETS; i++) {
		s->fd[i] = -1;
		s->is_lent[i] = false;
	}
}

/* directory/name, with the suffix. */
static int
path_make(struct sockaddr_un *sun, const char *directory, const char *name,
    const char *suffix, struct err *e)
{
	int n;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	n = snprintf(sun->sun_path, sizeof(sun->sun_path), "%s/%s%s", directory,
	    name, suffix);
	if (n >= 0 && (size_t)n < sizeof(sun->sun_path))
		return 0;
	return err_set(e, ERR_LOCAL, "5.3.5",
	    "queue.socket_directory %s is too long for a socket's name (%zu "
	    "octets are there)",
	    directory, sizeof(sun->sun_path));
}

/*
 * Bound under a name of its own and moved into place while it listens, so
 * that whoever finds the name can connect.
 */
static int
bind_one(const char *directory, const char *name, struct err *e)
{
	struct sockaddr_un new, path;
	char suffix[32];
	int fd;

	snprintf(suffix, sizeof(suffix), ".%ld", (long)getpid());
	if (path_make(&new, directory, name, suffix, e) == -1 ||
	    path_make(&path, directory, name, "", e) == -1)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return err_errno(e, ERR_TEMP, "4.3.0", "cannot make a socket");
	unlink(new.sun_path);
	if (bind(fd, (struct sockaddr *)&new, sizeof(new)) == -1 ||
	    chmod(new.sun_path, 0666) == -1 || listen(fd, BACKLOG) == -1 ||
	    rename(new.sun_path, path.sun_path) == -1) {
		err_errno(e, ERR_LOCAL, "4.3.0", "cannot listen on %s",
		    path.sun_path);
		unlink(new.sun_path);
		close(fd);
		return -1;
	}
	return fd;
}

int
sockets_bind(struct sockets *s, const char *directory, struct err *e)
{
	int i;

	for (i = 0; i < SOCKETS; i++) {
		if (s->fd[i] == -1)
			s->fd[i] = bind_one(directory, names[i], e);
		if (s->fd[i] == -1)
			return -1;
	}
	return 0;
}

/* Does the option have this value, an integer? */
static bool
has_option(int fd, int option, int wanted)
{
	socklen_t size = sizeof(int);
	int value = -1;

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 &&
	       value == wanted;
}

bool
sockets_listen(int fd)
{
	return has_option(fd, SO_TYPE, SOCK_STREAM) &&
	       has_option(fd, SO_ACCEPTCONN, 1);
}

static bool
is_usable(int fd)
{
	struct sockaddr_storage name = { .ss_family = AF_UNSPEC };
	socklen_t size = sizeof(name);

	return getsockname(fd, (struct sockaddr *)&name, &size) == 0 &&
	       name.ss_family == AF_UNIX && sockets_listen(fd);
}

int
sockets_adopt(struct sockets *s, int fd, const char *name, struct err *e)
{
	int i, flags;

	for (i = 0; i < SOCKETS && strcmp(name, names[i]) != 0; i++)
		;
	if (i == SOCKETS || s->fd[i] != -1)
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "the service manager passes a socket named \"%s\"; the "
		    "names of local ones are submit and control, each once "
		    "(FileDescriptorName=)",
		    name);
	if (!is_usable(fd))
		return err_set(e, ERR_LOCAL, "5.3.5",
		    "the service manager's socket \"%s\" is no local stream "
		    "that listens (ListenStream= with a path)",
		    name);
	flags = fcntl(fd, F_GETFL);
	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		return err_errno(e, ERR_LOCAL, "4.3.0", "fcntl");
	s->fd[i] = fd;
	s->is_lent[i] = true;
	return 0;
}

bool
sockets_are_lost(const struct sockets *s, const char *directory)
{
	struct sockaddr_un path;
	struct stat st;
	int i;

	if (access(directory, W_OK | X_OK) == -1)
		return false;
	for (i = 0; i < SOCKETS; i++) {
		if (s->fd[i] == -1 || s->is_lent[i] ||
		    path_make(&path, directory, names[i], "", NULL) == -1)
			continue;
		if (lstat(path.sun_path, &st) == -1 || !S_ISSOCK(st.st_mode))
			return true;
	}
	return false;
}

void
sockets_close(struct sockets *s)
{
	int i;

	for (i = 0; i < SOCKETS; i++)
		if (s->fd[i] != -1)
			close(s->fd[i]);
	sockets_init(s);
}

void
sockets_retire(struct sockets *s, const char *directory)
{
	struct sockaddr_un path;
	int i;

	for (i = 0; i < SOCKETS; i++) {
		if (s->fd[i] == -1 || s->is_lent[i])
			continue;
		if (path_make(&path, directory, names[i], "", NULL) == 0)
			(void)unlink(path.sun_path);
		close(s->fd[i]);
		s->fd[i] = -1;
	}
}

void
sockets_drop_lost(struct sockets *s, const char *directory)
{
	if (sockets_are_lost(s, directory))
		sockets_retire(s, directory);
}

int
sockets_receive(struct sockets *s, int fd, uint32_t n)
{
	char name[FDPASS_TEXT_MAX];
	int got, i;

	for (; n > 0; n--) {
		if (fdpass_recv(
			fd, &got, name, clock_mono_ms() + PASS_MS, NULL) == -1)
			return -1;
		for (i = 0; i < SOCKETS; i++)
			if (strcmp(name, sockets_name(i)) == 0)
				s->fd[i] = got;
	}
	return 0;
}
