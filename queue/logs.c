/* SPDX-License-Identifier: ISC */
/* Where mailchuted's lines go, by its configuration. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/log.h"
#include "queue/logs.h"

void
logs_make_file(const struct conf *c, const struct identity *id)
{
	struct stat st;
	int fd;

	if (c->log.target != CONF_LOG_FILE || geteuid() != 0)
		return;
	fd = open(c->log.file,
	    O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
	if (fd == -1)
		return; /* opening it again will say why */
	/* Empty and root's: made now, or by a start that was cut off here. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	    st.st_size == 0 && st.st_uid == 0 &&
	    fchown(fd, id->uid, id->gid) == -1)
		log_text(
		    LOG_WARNING, "log", "%s: %s", c->log.file, strerror(errno));
	close(fd);
}

int
logs_open(const struct conf *c, bool trusted)
{
	enum log_target target = LOG_TO_SYSLOG;

	if (c->log.target == CONF_LOG_STDERR)
		target = LOG_TO_STDERR;
	else if (c->log.target == CONF_LOG_FILE && trusted)
		target = LOG_TO_FILE;
	return log_open("mailchuted", target, c->log.file, c->log.level);
}

void
logs_reopen(const struct conf *c, bool trusted)
{
	if (logs_open(c, trusted) == -1)
		log_text(LOG_ERR, "log", "log.file %s: %s", c->log.file,
		    strerror(errno));
}
