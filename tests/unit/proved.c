/* SPDX-License-Identifier: ISC */
/* Hosts that are known to speak TLS 1.2: remembered for good, and twice. */
#include "config.h"

#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "queue/batch.h"
#include "queue/proved.h"
#include "tests/unit/office.h"

static void
set_up(struct office *o)
{
	office_open(o, OFFICE_ADMIN OFFICE_ACCOUNT);
}

static void
note(struct office *o, const char *host)
{
	(void)proved_note(o->parts.proved, o->parts.batch, host, "TLSv1.3");
	office_run(o);
}

static void
path_of(const struct office *o, const char *name, char out[512])
{
	snprintf(out, 512, "%s/queue/proved%s%s", o->directory,
	    *name == '\0' ? "" : "/", name);
}

static bool
has_file(const struct office *o, const char *name)
{
	char path[512];

	path_of(o, name, path);
	return access(path, F_OK) == 0;
}

static void
remove_file(const struct office *o, const char *name)
{
	char path[512];

	path_of(o, name, path);
	assert_int_equal(unlink(path), 0);
}

static bool
has_fact(struct office *o, const char *name)
{
	char *value = NULL;
	int found = store_fact_get(o->parts.store, name, &value, &o->e);

	free(value);
	return found == 1;
}

static void
a_host_is_one_however_it_is_written(void **state)
{
	struct office o;

	(void)state;
	set_up(&o);
	assert_false(proved_has(o.parts.proved, "mx.example.com"));
	assert_true(proved_note(
	    o.parts.proved, o.parts.batch, "MX.example.com:587", "TLSv1.2"));
	assert_false(proved_note(
	    o.parts.proved, o.parts.batch, "mx.example.com", "TLSv1.2"));
	office_run(&o);
	assert_true(proved_has(o.parts.proved, "mx.example.com"));
	assert_true(proved_has(o.parts.proved, "mx.Example.com:25"));
	assert_false(proved_has(o.parts.proved, "example.com"));
	assert_true(has_file(&o, "mx.example.com"));
	assert_true(has_fact(&o, "proved mx.example.com"));
	note(&o, "[2001:DB8::1]:587");
	assert_true(proved_has(o.parts.proved, "2001:db8::1"));
	note(&o, "../../escape");
	note(&o, "");
	assert_false(has_file(&o, "../../escape"));
	office_close(&o);
}

static void
the_folder_is_its_owners_alone(void **state)
{
	struct office o;
	struct stat st;
	char path[512];

	(void)state;
	set_up(&o);
	note(&o, "a.example");
	path_of(&o, "", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(chmod(path, 0755), 0);
	note(&o, "b.example");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	office_close(&o);
}

/* The other half mends what is lost. */
static void
either_half_is_enough(void **state)
{
	struct office o;

	(void)state;
	set_up(&o);
	note(&o, "a.example");
	note(&o, "b.example");
	remove_file(&o, "a.example");
	fixture_begin(o.parts.store);
	assert_int_equal(
	    store_fact_delete(o.parts.store, "proved b.example", &o.e), 0);
	fixture_commit(o.parts.store);
	office_reopen(&o);
	assert_true(proved_has(o.parts.proved, "a.example"));
	assert_true(proved_has(o.parts.proved, "b.example"));
	assert_true(has_file(&o, "a.example"));
	assert_true(has_fact(&o, "proved b.example"));
	office_close(&o);
}

/* Something else lies there: the fact does without it. */
static void
a_folder_that_is_none_is_told(void **state)
{
	struct office o;
	char path[512];
	FILE *f;

	(void)state;
	set_up(&o);
	path_of(&o, "", path);
	assert_non_null(f = fopen(path, "w"));
	fclose(f);
	note(&o, "a.example");
	assert_int_equal(office_logged(&o, "event=proved-file"), 1);
	assert_true(has_fact(&o, "proved a.example"));
	unlink(path);
	office_close(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_is_one_however_it_is_written),
		cmocka_unit_test(the_folder_is_its_owners_alone),
		cmocka_unit_test(either_half_is_enough),
		cmocka_unit_test(a_folder_that_is_none_is_told),
	};

	return cmocka_run_group_tests_name("proved", tests, NULL, NULL);
}
