/* SPDX-License-Identifier: ISC */
/* Membership by the system's own users: root, and whoever runs the test. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <grp.h>
#include <pwd.h>

#include <cmocka.h>

#include "common/strlist.h"
#include "common/member.h"

#define STRANGER 2000000000 /* nobody's uid */

static bool
has(uid_t uid, const char *one, const char *two)
{
	struct strlist users = { NULL, 0 };
	bool found;

	if (one != NULL)
		strlist_add(&users, one);
	if (two != NULL)
		strlist_add(&users, two);
	found = member_has(&users, uid);
	strlist_clear(&users);
	return found;
}

static void
an_empty_list_admits_everyone(void **state)
{
	(void)state;
	assert_true(has(0, NULL, NULL));
	assert_true(has(STRANGER, NULL, NULL));
}

static void
users_are_admitted_by_name(void **state)
{
	(void)state;
	assert_true(has(0, "root", NULL));
	assert_true(has(0, "no-such-user", "root"));
	assert_false(has(1, "root", NULL));
	assert_false(has(STRANGER, "root", NULL));
	assert_false(has(0, "no-such-user", NULL));
	/* A user's name is not a group's, and the other way round. */
	assert_false(has(0, "@no-such-group", NULL));
	assert_false(has(0, "0", NULL));
}

/* The primary group of root, by the name it has on this host. */
static void
groups_are_admitted_by_name(void **state)
{
	const struct passwd *pw = getpwuid(0);
	const struct group *gr = pw == NULL ? NULL : getgrgid(pw->pw_gid);
	char name[256] = "@";

	(void)state;
	if (gr == NULL) {
		skip();
		return;
	}
	strlcat(name, gr->gr_name, sizeof(name));
	assert_true(has(0, name, NULL));
	assert_true(has(0, "@no-such-group", name));
	assert_false(has(STRANGER, name, NULL));
	assert_false(has(0, "@", NULL));
	/* Somebody who is no member, as "nobody" is on every host. */
	if ((pw = getpwnam("nobody")) != NULL)
		assert_false(has(pw->pw_uid, name, NULL));
}

/* Whoever is listed as a member, where the host has such a group. */
static void
supplementary_groups_count(void **state)
{
	const struct group *gr;
	const struct passwd *pw;
	char name[256] = "@", user[256] = "";
	uid_t uid;

	(void)state;
	setgrent();
	while ((gr = getgrent()) != NULL)
		if (gr->gr_mem[0] != NULL) {
			strlcat(name, gr->gr_name, sizeof(name));
			strlcpy(user, gr->gr_mem[0], sizeof(user));
			break;
		}
	endgrent();
	if ((pw = getpwnam(user)) == NULL)
		return;
	uid = pw->pw_uid;
	assert_true(has(uid, name, NULL));
}

static void
a_uid_has_a_name_or_none(void **state)
{
	char name[MEMBER_NAME_MAX];

	(void)state;
	member_name(0, name);
	assert_string_equal(name, "root");
	member_name(STRANGER, name);
	assert_string_equal(name, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_list_admits_everyone),
		cmocka_unit_test(users_are_admitted_by_name),
		cmocka_unit_test(groups_are_admitted_by_name),
		cmocka_unit_test(supplementary_groups_count),
		cmocka_unit_test(a_uid_has_a_name_or_none),
	};

	return cmocka_run_group_tests_name("member", tests, NULL, NULL);
}
