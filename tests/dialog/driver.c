/* SPDX-License-Identifier: ISC */
/*
 * Plays SMTP conversations against the built deliver, as written down in *.txt
 * (README.md in this folder explains them):
 *
 *	driver DELIVER HASTY CERTIFICATES SCRIPT
 */
#include "config.h"

#include <stdio.h>

#include "tests/dialog/script.h"

int
main(int argc, char **argv)
{
	struct script s = { .program = NULL };
	FILE *f;
	int rc;

	if (argc != 5 || (f = fopen(argv[4], "r")) == NULL) {
		fprintf(stderr,
		    "usage: driver DELIVER HASTY CERTIFICATES SCRIPT\n");
		return 2;
	}
	s.program = argv[1];
	s.hasty = argv[2];
	s.certificates = argv[3];
	rc = stage_listen(&s.stage) == -1 ? -1 : script_play(&s, f);
	if (rc == -1)
		printf("%s:%u: %s\n", argv[4], s.line, s.stage.problem);
	script_clear(&s);
	fclose(f);
	return rc == -1 ? 1 : 0;
}
