/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "common/log.h"
#include "tests/unit/logged.h"

unsigned
logged_lines(FILE *log, const char *text)
{
	char line[LOG_LINE_MAX];
	unsigned n = 0;

	rewind(log);
	while (fgets(line, sizeof(line), log) != NULL)
		n += strstr(line, text) != NULL;
	return n;
}
