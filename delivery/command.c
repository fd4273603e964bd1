/* SPDX-License-Identifier: ISC */
/* SMTP commands, with the last look at what they are made of. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "delivery/command.h"
#include "delivery/conn.h"

/* RFC 5321 4.5.3.1.4 with all extensions: an address, ORCPT and ENVID. */
#define COMMAND_MAX 2048

int
command_put(struct conn *c, struct err *e, const char *fmt, ...)
{
	char line[COMMAND_MAX];
	va_list ap;
	int n, i;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 2, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line) - 2)
		return err_set(
		    e, ERR_LOCAL, "5.5.4", "a command grew too long");
	for (i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			return err_set(e, ERR_LOCAL, "5.5.4",
			    "a control byte was about to be sent in a "
			    "command");
	line[n++] = '\r';
	line[n++] = '\n';
	return conn_put(c, line, (size_t)n, e);
}
