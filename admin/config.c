/* SPDX-License-Identifier: ISC */
/*
 * "mailchute config": every option in force, and where it comes from.  Secrets
 * are in files of their own, which are not read.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "admin/json.h"
#include "admin/run.h"
#include "admin/text.h"

#define NAME_WIDTH  24
#define VALUE_WIDTH 32

struct printing {
	char section[80]; /* last one printed */
};

static void
print_option(void *arg, const char *section, const char *name,
    const char *value, const char *origin)
{
	struct printing *p = arg;

	if (strcmp(p->section, section) != 0) {
		printf("%s[", *p->section == '\0' ? "" : "\n");
		text_put(stdout, section);
		printf("]\n");
		strlcpy(p->section, section, sizeof(p->section));
	}
	printf("%-*s = ", NAME_WIDTH, name);
	text_put(stdout, value);
	printf("%*s  # ",
	    (int)(strlen(value) < VALUE_WIDTH ? VALUE_WIDTH - strlen(value)
					      : 0),
	    "");
	text_put(stdout, origin);
	putchar('\n');
}

static void
print_json(void *arg, const char *section, const char *name, const char *value,
    const char *origin)
{
	json_t *o = json_object();

	(void)arg;
	json_object_set_new(o, "section", json_text(section));
	json_object_set_new(o, "name", json_text(name));
	json_object_set_new(o, "value", json_text(value));
	json_object_set_new(o, "origin", json_text(origin));
	json_put_line(stdout, o);
}

int
run_config(const struct args *a, const struct conf *c)
{
	struct printing p = { "" };

	conf_each(c, a->json ? print_json : print_option, &p);
	return 0;
}
