/* SPDX-License-Identifier: ISC */
/* What the parent hands to token. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/fdpass.h"
#include "common/memfile.h"
#include "common/xalloc.h"
#include "queue/token_child.h"

#include "tests/unit/queue_fixture.h"

#define GUID "00000000-0000-4000-8000-00000000000f"

static struct {
	char *folder;
	struct conf *conf;
	struct vault *vault;
	struct token_child child;
	int pair[2]; /* ours, token's */
} here;

static void
put(const char *name, const char *text, mode_t mode)
{
	char *path = xasprintf("%s/%s", here.folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	free(path);
}

static int
set_up(void **state)
{
	const struct conf_host host = { "web01.example", "", NULL };
	struct conf_problems problems = { 0 };
	char *path, *text;

	(void)state;
	memset(&here, 0, sizeof(here));
	here.folder = fixture_directory();
	path = xasprintf("%s/mailchute.conf", here.folder);
	text = xasprintf("[queue]\ndirectory = %s\n[account]\n"
			 "user = a@contoso.com\ntenant = t.example\n"
			 "client_id = " GUID "\nclient_secret_file = secret\n"
			 "certificate_file = cert\nkey_file = key\n"
			 "federated_token_file = platform\n",
	    here.folder);
	here.conf =
	    conf_parse(path, text, strlen(text), CONF_FULL, &host, &problems);
	assert_non_null(here.conf);
	conf_problems_clear(&problems);
	free(text);
	free(path);
	here.vault = vault_new(here.conf);
	here.child.place = -1;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, here.pair);
}

static int
tear_down(void **state)
{
	(void)state;
	token_child_clear(&here.child);
	vault_free(here.vault);
	conf_free(here.conf);
	close(here.pair[0]);
	close(here.pair[1]);
	fixture_remove(here.folder);
	return 0;
}

/* Says one octet: the descriptor that comes, and its text. */
static int
ask(char octet, char text[FDPASS_TEXT_MAX])
{
	struct err e;
	int fd;

	assert_int_equal(token_child_serve(&here.child, octet, here.pair[0],
			     here.conf, here.vault),
	    0);
	assert_int_equal(
	    fdpass_recv(here.pair[1], &fd, text, clock_mono_ms() + 60000, &e),
	    0);
	return fd;
}

static void
assert_file(char octet, const char *want)
{
	char text[FDPASS_TEXT_MAX], got[64];
	int fd = ask(octet, text);
	ssize_t n;

	assert_int_not_equal(fd, -1);
	n = read(fd, got, sizeof(got) - 1);
	assert_true(n > 0);
	got[n] = '\0';
	assert_string_equal(got, want);
	assert_non_null(strstr(text, here.folder));
	close(fd);
}

static void
hands_out_each_file(void **state)
{
	(void)state;
	put("secret", "S", 0600);
	put("cert", "C", 0644);
	put("key", "K", 0600);
	assert_file(TOKEN_GIVE_SECRET, "S");
	assert_file(TOKEN_GIVE_CERTIFICATE, "C");
	assert_file(TOKEN_GIVE_KEY, "K");
	/* As a platform makes it. */
	put("platform", "P", 0644);
	assert_file(TOKEN_GIVE_FEDERATED, "P");
}

static void
refuses_what_others_may_read(void **state)
{
	char text[FDPASS_TEXT_MAX];

	(void)state;
	put("secret", "S", 0644);
	put("cert", "C", 0666);
	assert_int_equal(ask(TOKEN_GIVE_SECRET, text), -1);
	assert_true(text[0] == '5' && text[1] == ' ');
	assert_non_null(strstr(text, "can be read by others"));
	assert_int_equal(ask(TOKEN_GIVE_CERTIFICATE, text), -1);
	assert_non_null(strstr(text, "can be changed by others"));
	put("platform", "P", 0666);
	assert_int_equal(ask(TOKEN_GIVE_FEDERATED, text), -1);
	assert_non_null(strstr(text, "can be changed by others"));
	assert_int_equal(ask(TOKEN_GIVE_KEY, text), -1);
	assert_non_null(strstr(text, "No such file"));
}

static void
the_folder_is_for_its_owner_alone(void **state)
{
	char text[FDPASS_TEXT_MAX], *path;
	struct stat st;
	int fd;

	(void)state;
	fd = ask(TOKEN_GIVE_FOLDER, text); /* made where it is missing */
	assert_int_not_equal(fd, -1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0700);
	close(fd);
	path = xasprintf("%s/tokens", here.folder);
	assert_string_equal(text, path);
	assert_int_equal(chmod(path, 0750), 0);
	assert_int_equal(ask(TOKEN_GIVE_FOLDER, text), -1);
	assert_non_null(strstr(text, "chmod 0700"));
	free(path);
}

static void
the_token_is_kept_when_it_is_complete(void **state)
{
	char text[FDPASS_TEXT_MAX];
	struct err e;
	int fd = ask(TOKEN_GIVE_PLACE, text);

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, "token", 5), 5);
	assert_int_equal(vault_fd(here.vault, 0, &e), -1);
	/* Not before it is sealed. */
	assert_int_equal(ask(TOKEN_KEEP_PLACE, text), -1);
	assert_int_equal(text[0], '4');
	assert_int_equal(memfile_seal(fd, &e), 0);
	assert_int_equal(ask(TOKEN_KEEP_PLACE, text), -1);
	assert_string_equal(text, "");
	assert_int_not_equal(vault_fd(here.vault, 0, &e), -1);
	close(fd);
}

static void
anything_else_ends_it(void **state)
{
	static const char octets[] = { 'X', '\0', 's', TOKEN_KEEP_PLACE,
		TOKEN_GIVE_FEDERATED };
	size_t i;

	(void)state;
	/* Of which the configuration says nothing. */
	free(here.conf->accounts[0].federated_token_file);
	here.conf->accounts[0].federated_token_file = NULL;
	for (i = 0; i < sizeof(octets); i++)
		assert_int_equal(token_child_serve(&here.child, octets[i],
				     here.pair[0], here.conf, here.vault),
		    -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    hands_out_each_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    refuses_what_others_may_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    the_folder_is_for_its_owner_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    the_token_is_kept_when_it_is_complete, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    anything_else_ends_it, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
