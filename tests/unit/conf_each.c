/* SPDX-License-Identifier: ISC */
/*
 * Each option of the table, one after the other: what "mailchute config" says
 * of it when it is not given, and when it is; and where its bounds are.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/conf.h"
#include "common/conf_table.h"
#include "common/conf_value.h"
#include "common/xalloc.h"
#include "tests/unit/conf_help.h"

#define SHOWN_MAX (1024 * 1024)

/* With what the option needs beside it. */
enum base {
	OFFICE, /* an account at office365 that has a password */
	RELAY,  /* one at another server */
	CHOSEN, /* as OFFICE, and nothing beside the password makes it another's
		 */
	BARE,   /* one at office365 that has no credential but what is given */
	DOOR,   /* a listener beside an account */
	SAFE    /* one that has what TLS and signing in need */
};
static const char *const bases[] = {
	[OFFICE] = MAILBOX,
	[RELAY] = "[account]\nprovider = smtp\nhost = mx.example\n"
		  "user = a@contoso.com\npassword_file = pw\n",
	[CHOSEN] = MAILBOX "auth = login\n",
	[BARE] = "[account]\nuser = a@contoso.com\n",
	[DOOR] = MAILBOX "[account p]\nuser = p@contoso.com\n"
			 "password_file = pw\n[listen scan]\n",
	[SAFE] = MAILBOX "[listen scan]\n"
			 "certificate_file = c\nkey_file = k\nusers_file = u\n",
};
static const char *const given[] = {
	[OFFICE] = "user password_file",
	[RELAY] = "provider host user password_file",
	[CHOSEN] = "user password_file auth",
	[BARE] = "user",
	[DOOR] = "user password_file",
	[SAFE] = "user password_file",
};

/* NULL for what is shown: nothing, not even a default. */
static const struct sample {
	enum conf_section section;
	const char *name;
	const char *def;   /* of OFFICE */
	const char *value; /* another, as it is shown */
	enum base base;
} samples[] = {
	{ SECTION_LOCAL, "hostname", "web01.contoso.com", "h.example", OFFICE },
	{ SECTION_LOCAL, "domain", "contoso.com", "d.example", OFFICE },
	{ SECTION_LOCAL, "names", "web01.contoso.com web01 localhost",
	    "a.example b.example", OFFICE },
	{ SECTION_LOCAL, "aliases", "/etc/aliases", "/a", OFFICE },
	{ SECTION_LOCAL, "admin", "a@contoso.com", "it@contoso.com", OFFICE },
	{ SECTION_LOCAL, "redirect", "none", "r@contoso.com", OFFICE },
	{ SECTION_LOCAL, "alarm_command", "none", "/bin/tell me", OFFICE },
	{ SECTION_QUEUE, "user", DEFAULT_USER, "somebody", OFFICE },
	{ SECTION_QUEUE, "admin_group", "none", "adm", OFFICE },
	{ SECTION_QUEUE, "directory", PATH_LOCALSTATE "/lib/mailchute", "/q",
	    OFFICE },
	{ SECTION_QUEUE, "socket_directory", PATH_RUNSTATE "/mailchute", "/s",
	    OFFICE },
	{ SECTION_QUEUE, "drop_directory",
	    PATH_LOCALSTATE "/spool/mailchute/drop", "/d", OFFICE },
	{ SECTION_QUEUE, "delivery", "on", "off", OFFICE },
	{ SECTION_QUEUE, "lifetime", "5d", "6h", OFFICE },
	{ SECTION_QUEUE, "delay_notice", "4h", "never", OFFICE },
	{ SECTION_QUEUE, "retry", "1m 2m 5m 10m 20m 40m 1h", "3m 1d", OFFICE },
	{ SECTION_QUEUE, "uncertain", "retry", "hold", OFFICE },
	{ SECTION_QUEUE, "stall", "1h", "90m", OFFICE },
	{ SECTION_QUEUE, "history", "30d", "1d", OFFICE },
	{ SECTION_QUEUE, "message_size_max", "35M", "150M", OFFICE },
	{ SECTION_QUEUE, "free_space_min", "100M", "0", OFFICE },
	{ SECTION_QUEUE, "uid_messages", "20000", "3", OFFICE },
	{ SECTION_QUEUE, "uid_bytes", "2G", "64K", OFFICE },
	{ SECTION_QUEUE, "uid_connections", "64", "4", OFFICE },
	{ SECTION_QUEUE, "uid_rate", "600/1h", "5/1m", OFFICE },
	{ SECTION_QUEUE, "uid_share", "75", "100", OFFICE },
	{ SECTION_ACCOUNT, "provider", "office365", "office365-dod", BARE },
	{ SECTION_ACCOUNT, "host", "smtp.office365.com", "localhost", OFFICE },
	{ SECTION_ACCOUNT, "port", "587", "2525", OFFICE },
	{ SECTION_ACCOUNT, "tls", "starttls", "implicit", RELAY },
	{ SECTION_ACCOUNT, "user", NULL, NULL, OFFICE },
	{ SECTION_ACCOUNT, "users", "all", "www-data @adm", OFFICE },
	{ SECTION_ACCOUNT, "auth", "login", "plain", RELAY },
	{ SECTION_ACCOUNT, "password_file", NULL, "other", BARE },
	{ SECTION_ACCOUNT, "password_command", NULL, "/bin/p x", BARE },
	{ SECTION_ACCOUNT, "token_file", NULL, "t", BARE },
	{ SECTION_ACCOUNT, "grant", "client_credentials", "federated", CHOSEN },
	{ SECTION_ACCOUNT, "tenant", NULL, "contoso.onmicrosoft.com", CHOSEN },
	{ SECTION_ACCOUNT, "client_id", NULL, "0-1-2", CHOSEN },
	{ SECTION_ACCOUNT, "client_secret_file", NULL, "cs", CHOSEN },
	{ SECTION_ACCOUNT, "client_secret_expires", NULL, "2027-01-31",
	    CHOSEN },
	{ SECTION_ACCOUNT, "certificate_file", NULL, "c.pem", CHOSEN },
	{ SECTION_ACCOUNT, "key_file", NULL, "k.pem", CHOSEN },
	{ SECTION_ACCOUNT, "assertion", "ps256", "rs256", CHOSEN },
	{ SECTION_ACCOUNT, "app_rbac", "no", "yes", CHOSEN },
	{ SECTION_ACCOUNT, "federated_token_file", NULL, "f", CHOSEN },
	{ SECTION_ACCOUNT, "token_url", NULL, "https://t.example/", CHOSEN },
	{ SECTION_ACCOUNT, "scope", "https://outlook.office365.com/.default",
	    "a scope", CHOSEN },
	{ SECTION_ACCOUNT, "proxy", "none", "http://p.example:80", CHOSEN },
	{ SECTION_ACCOUNT, "senders", "a@contoso.com", "@contoso.com", OFFICE },
	{ SECTION_ACCOUNT, "rewrite", "auto", "always", OFFICE },
	{ SECTION_ACCOUNT, "original_from", "yes", "no", OFFICE },
	{ SECTION_ACCOUNT, "family", "any", "ipv6", OFFICE },
	{ SECTION_ACCOUNT, "tls_min", "1.2", "1.3", OFFICE },
	{ SECTION_ACCOUNT, "tls_ca_file", NULL, "/ca", OFFICE },
	{ SECTION_ACCOUNT, "legacy", "off", "fallback", OFFICE },
	{ SECTION_ACCOUNT, "legacy_host", "smtp-legacy.office365.com",
	    "l.example", OFFICE },
	{ SECTION_ACCOUNT, "connections", "2", "3", OFFICE },
	{ SECTION_ACCOUNT, "linger", "10s", "0s", OFFICE },
	{ SECTION_ACCOUNT, "rate", "28/1m", "5/1h", OFFICE },
	{ SECTION_ACCOUNT, "recipients_per_day", "10000", "none", OFFICE },
	{ SECTION_ACCOUNT, "recipients_per_message", "500", "10", OFFICE },
	{ SECTION_ACCOUNT, "backoff_min", "15s", "1m", OFFICE },
	{ SECTION_ACCOUNT, "backoff_max", "15m", "1h", OFFICE },
	{ SECTION_ACCOUNT, "chunking", "yes", "no", OFFICE },
	{ SECTION_LISTEN, "address", "127.0.0.1", "::1", DOOR },
	{ SECTION_LISTEN, "port", "25", "2525", DOOR },
	{ SECTION_LISTEN, "tls", "none", "required", SAFE },
	{ SECTION_LISTEN, "tls_min", "1.2", "1.0", SAFE },
	{ SECTION_LISTEN, "certificate_file", NULL, "d", DOOR },
	{ SECTION_LISTEN, "key_file", NULL, "l", DOOR },
	{ SECTION_LISTEN, "allow", "127.0.0.0/8 ::1", "10.1.0.0/16 2001:db8::1",
	    DOOR },
	{ SECTION_LISTEN, "auth", "off", "required", SAFE },
	{ SECTION_LISTEN, "users_file", NULL, "v", DOOR },
	{ SECTION_LISTEN, "senders", NULL, "@contoso.com", DOOR },
	{ SECTION_LISTEN, "account", NULL, "p", DOOR },
	{ SECTION_LISTEN, "from", NULL, "scan@contoso.com", DOOR },
	{ SECTION_LISTEN, "max_size", "35M", "10M", DOOR },
	{ SECTION_LISTEN, "max_recipients", "100", "5", DOOR },
	{ SECTION_LISTEN, "rate", "60/1m", "none", DOOR },
	{ SECTION_LISTEN, "connection_rate", "600/1m", "none", DOOR },
	{ SECTION_LISTEN, "client_connections", "4", "2", DOOR },
	{ SECTION_LISTEN, "connections", "32", "64", DOOR },
	{ SECTION_LISTEN, "bare_newline", "normalise", "refuse", DOOR },
	{ SECTION_LISTEN, "log_dialogue", "none", "192.0.2.9", DOOR },
	{ SECTION_SANDBOX, "mode", "strict", "log", OFFICE },
	{ SECTION_LOG, "target", "syslog", "stderr", OFFICE },
	{ SECTION_LOG, "file", "none", "/l", OFFICE },
	{ SECTION_LOG, "level", "info", "debug", OFFICE },
};
#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

static void
show_into(void *arg, const char *section, const char *name, const char *value,
    const char *origin)
{
	buf_printf(arg, "%s|%s|%s|%s\n", section, name, value, origin);
}

/* All that is shown of a text, which may be warned of. */
static void
show(const char *text, struct buf *b)
{
	struct conf_problems p;
	struct conf *c = parse_as(text, CONF_FULL, &p);
	size_t i;

	for (i = 0; c == NULL && i < p.errors.n; i++)
		print_error("%s\n", p.errors.v[i]);
	if (c == NULL)
		fail_msg("in:\n%s", text);
	buf_init(b, SHOWN_MAX);
	buf_printf(b, "\n");
	conf_each(c, show_into, b);
	conf_free(c);
	conf_problems_clear(&p);
}

/* As it stands in brackets. */
static const char *
title(enum conf_section s)
{
	return s == SECTION_LISTEN ? "listen scan" : conf_section_name(s);
}

static void
expect(const struct buf *b, const struct sample *s, const char *value,
    const char *origin)
{
	const char *section = title(s->section);
	char *line = value == NULL ? xasprintf("\n%s|%s|", section, s->name)
				   : xasprintf("\n%s|%s|%s|%s\n", section,
					 s->name, value, origin);

	if ((strstr(buf_data(b), line) == NULL) != (value == NULL))
		fail_msg("%s%s\nshown is:%s",
		    value == NULL ? "shown though not given: " : "not shown:",
		    line, buf_data(b));
	free(line);
}

static bool
is_given(const struct sample *s, enum base base)
{
	return s->section == SECTION_ACCOUNT &&
	       strstr(given[base], s->name) != NULL;
}

static void
each_option_has_a_sample(void **state)
{
	size_t i;

	(void)state;
	assert_int_equal(SAMPLES, conf_noptions);
	for (i = 0; i < SAMPLES; i++)
		if (samples[i].section != conf_options[i].section ||
		    strcmp(samples[i].name, conf_options[i].name) != 0)
			fail_msg("%s stands where the table has %s",
			    samples[i].name, conf_options[i].name);
}

static void
each_default_is_shown_as_such(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	show(MAILBOX "[listen scan]\n", &b);
	for (i = 0; i < SAMPLES; i++)
		if (!is_given(&samples[i], OFFICE))
			expect(&b, &samples[i], samples[i].def, "default");
	buf_clear(&b);
}

/* By the file and the line, with some of the others before it and behind. */
static void
each_that_is_given_is_shown_with_its_line(void **state)
{
	const struct sample *s;
	struct buf b;
	char *text;

	(void)state;
	for (s = samples; s < samples + SAMPLES; s++) {
		if (s->value == NULL)
			continue;
		/* What other credentials need is not theirs to show. */
		text = xasprintf("\n\n[%s]\n# a remark\n%s = %s\n\n%s%s",
		    title(s->section), s->name, s->value, bases[s->base],
		    s->base != BARE || strncmp(s->name, "password", 8) == 0 ||
			    strcmp(s->name, "token_file") == 0
			? ""
			: "password_file = pw\n");
		show(text, &b);
		expect(&b, s, s->value, "f:5");
		buf_clear(&b);
		free(text);
	}
}

/* ---- bounds ---- */

static bool
is_bounded(const struct conf_option *o)
{
	return o->kind == VALUE_DURATION || o->kind == VALUE_DURATIONS ||
	       o->kind == VALUE_NUMBER || o->kind == VALUE_COUNT ||
	       o->kind == VALUE_SIZE;
}

static bool
takes(const struct conf_option *o, uint64_t n)
{
	union {
		struct conf_account account;
		struct conf_listen listener;
		struct conf conf;
	} base;
	char *text = xasprintf("%llu%s", (unsigned long long)n,
	    o->kind == VALUE_DURATION || o->kind == VALUE_DURATIONS ? "s" : "");
	struct err e;
	bool taken;

	memset(&base, 0, sizeof(base));
	taken = conf_value_set(o, &base, text, &e) == 0;
	if (taken)
		conf_value_clear(o, &base);
	free(text);
	return taken;
}

static void
bounds_hold(void **state)
{
	const struct conf_option *o = conf_options;
	size_t n = 0;

	(void)state;
	for (; o < conf_options + conf_noptions; o++) {
		if (!is_bounded(o)) {
			assert_true(o->max == 0 || o->kind == VALUE_RATE);
			continue;
		}
		n++;
		if (o->max == 0)
			fail_msg("%s is without bounds", o->name);
		if (!takes(o, o->min) || !takes(o, o->max) ||
		    takes(o, o->max + 1) ||
		    (o->min > 0 && takes(o, o->min - 1)))
			fail_msg("%s: its bounds do not hold", o->name);
	}
	assert_true(n >= 15);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_option_has_a_sample),
		cmocka_unit_test(each_default_is_shown_as_such),
		cmocka_unit_test(each_that_is_given_is_shown_with_its_line),
		cmocka_unit_test(bounds_hold),
	};

	return cmocka_run_group_tests_name("conf_each", tests, NULL, NULL);
}
