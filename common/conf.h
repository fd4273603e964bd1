/* SPDX-License-Identifier: ISC */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/strlist.h"

/*
 * The configuration, read whole and checked whole.  common/conf_table.c lists
 * every option; mailchute.conf(5) explains them.  A struct conf never changes
 * once it is loaded: a reload makes a new one.
 */

struct rate { /* at most count in any window of per_s seconds; 0: no limit */
	unsigned count;
	int64_t per_s;
};

enum provider {
	PROVIDER_OFFICE365,
	PROVIDER_OFFICE365_GCC_HIGH,
	PROVIDER_OFFICE365_DOD,
	PROVIDER_OFFICE365_CHINA,
	PROVIDER_SMTP
};
enum tls_mode {
	TLS_STARTTLS,
	TLS_IMPLICIT,
	TLS_NONE
};
enum auth_mech {
	AUTH_NONE,
	AUTH_LOGIN,
	AUTH_PLAIN,
	AUTH_XOAUTH2
};
enum oauth_grant {
	GRANT_CREDENTIALS,
	GRANT_REFRESH_TOKEN,
	GRANT_MANAGED_IDENTITY,
	GRANT_FEDERATED
};
/* How the certificate's key signs a client assertion. */
enum conf_assertion {
	ASSERTION_PS256,
	ASSERTION_RS256
};
enum rewrite_mode {
	REWRITE_AUTO,
	REWRITE_ALWAYS,
	REWRITE_NEVER
};
enum conf_family {
	FAMILY_ANY,
	FAMILY_IPV4,
	FAMILY_IPV6
};
enum legacy_mode {
	LEGACY_OFF,
	LEGACY_FALLBACK,
	LEGACY_ALWAYS
};
enum sandbox_mode {
	SANDBOX_STRICT,
	SANDBOX_LOG,
	SANDBOX_OFF
};
enum uncertain_mode {
	UNCERTAIN_RETRY,
	UNCERTAIN_HOLD
};

struct conf_local {
	char *hostname; /* the EHLO name: a domain with a dot, or "[1.2.3.4]" */
	char *domain;
	struct strlist names;
	char *aliases;
	char *admin; /* NULL: no account has a user */
	char *redirect;
	struct strlist alarm_command;
};

struct conf_queue {
	char *user;
	char *admin_group; /* NULL: none */
	char *directory;
	char *socket_directory;
	char *drop_directory;
	bool delivery;
	int64_t lifetime_s;
	int64_t delay_notice_s; /* 0: never */
	int64_t *retry_s;
	size_t nretry;
	enum uncertain_mode uncertain;
	int64_t stall_s;
	int64_t history_s;
	uint64_t message_size_max;
	uint64_t free_space_min;
	uint64_t uid_messages;
	uint64_t uid_bytes;
	uint64_t uid_connections;
	struct rate uid_rate; /* beyond it a user is warned of */
	uint64_t uid_share;   /* hundredths of a day's recipients */
};

struct conf_account {
	char *name; /* "" is the plain [account] */
	enum provider provider;
	struct strlist hosts; /* filled from the provider when not given */
	unsigned port;
	enum tls_mode tls;
	char *user;           /* NULL only where auth is none */
	struct strlist users; /* system users and @groups; empty: all */
	enum auth_mech auth;
	char *password_file;
	struct strlist password_command;
	char *token_file;
	/* OAuth: what the program "token" is asked with */
	enum oauth_grant grant;
	char *tenant, *client_id, *client_secret_file;
	char *client_secret_expires, *certificate_file, *key_file;
	char *federated_token_file, *token_url, *scope, *proxy;
	enum conf_assertion assertion;
	bool app_rbac; /* its right to send is a role in Exchange Online */
	struct strlist senders;
	enum rewrite_mode rewrite;
	bool original_from;
	enum conf_family family;
	unsigned tls_min; /* 12 or 13 */
	char *tls_ca_file;
	enum legacy_mode legacy;
	char *legacy_host;
	unsigned connections;
	int64_t linger_s;
	struct rate rate;
	uint64_t recipients_per_day; /* 0: no limit */
	unsigned recipients_per_message;
	int64_t backoff_min_s, backoff_max_s;
	bool chunking;
};

enum listen_tls {
	LISTEN_TLS_NONE,
	LISTEN_TLS_STARTTLS, /* offered */
	LISTEN_TLS_REQUIRED, /* before mail is taken */
	LISTEN_TLS_IMPLICIT
};
enum listen_auth {
	LISTEN_AUTH_OFF,
	LISTEN_AUTH_OPTIONAL,
	LISTEN_AUTH_REQUIRED
};
enum bare_newline {
	BARE_NEWLINE_NORMALISE,
	BARE_NEWLINE_REFUSE
};

/* A listener for SMTP: [listen NAME]. */
struct conf_listen {
	char *name;
	char *address; /* numeric */
	unsigned port;
	enum listen_tls tls;
	unsigned tls_min; /* 10 to 13 */
	char *certificate_file, *key_file;
	struct strlist allow; /* networks; filled with loopback's if not given
			       */
	enum listen_auth auth;
	char *users_file;
	struct strlist senders; /* patterns; empty: any */
	char *account;          /* of conf.accounts; NULL: by the rules */
	char *from;             /* NULL: as the client says */
	uint64_t max_size;      /* never more than queue.message_size_max */
	unsigned max_recipients;
	struct rate rate; /* messages of one client */
	struct rate connection_rate;
	unsigned client_connections, connections;
	enum bare_newline bare_newline;
	char *log_dialogue; /* of that client; NULL: of none */
};

enum conf_log_target {
	CONF_LOG_SYSLOG,
	CONF_LOG_STDERR,
	CONF_LOG_FILE
};

struct conf_log {
	enum conf_log_target target;
	char *file;
	int level; /* of syslog(3) */
};

struct conf {
	char *path;
	struct conf_local local;
	struct conf_queue queue;
	struct conf_account *accounts; /* none when read by CONF_FRONT */
	size_t naccounts;
	size_t default_account;
	struct conf_listen *listeners;
	size_t nlisteners;
	enum sandbox_mode sandbox;
	struct conf_log log;
	struct conf_origins *origins; /* for "mailchute config" */
};

/*
 * CONF_FULL reads everything and takes no error.  CONF_FRONT reads [queue] and
 * [local] alone, for the front end, and falls back to the default of an option
 * it cannot read: a typing mistake must not lose cron's mail.
 */
enum conf_use {
	CONF_FULL,
	CONF_FRONT
};

/* Problems found, each "file:line: text", in the order of the file. */
struct conf_problems {
	struct strlist errors;
	struct strlist warnings; /* what works, but hardly as meant */
};
void conf_problems_clear(struct conf_problems *p);

/* The host's names; a test gives its own, NULL means to ask the system. */
struct conf_host {
	const char *hostname; /* gethostname(2) */
	const char *mailname; /* first line of /etc/mailname, or "" */
	const char *address;  /* numeric, for an address literal; or NULL */
};

/*
 * Reads the file.  Returns the configuration, for conf_free; or NULL when
 * there are errors (CONF_FULL), all of them in *p.  With CONF_FRONT it always
 * returns one, and *p says what was passed over; a missing file is then no
 * error.
 */
struct conf *conf_load(const char *path, enum conf_use use,
    const struct conf_host *host, struct conf_problems *p);

/* The same for text in memory; path is only for messages. */
struct conf *conf_parse(const char *path, const char *text, size_t n,
    enum conf_use use, const struct conf_host *host, struct conf_problems *p);
void conf_free(struct conf *c);

/*
 * Calls show for each option in force, in the order of the table: its section
 * ("account" or "account NAME"), name, value as one would write it, and where
 * that comes from ("FILE:LINE" or "default").
 */
typedef void conf_show(void *arg, const char *section, const char *name,
    const char *value, const char *origin);
void conf_each(const struct conf *c, conf_show *show, void *arg);

/*
 * The first option in which the two differ and which only a new start of the
 * daemon changes, as "queue.user"; NULL when there is none.  For the caller to
 * free.
 */
char *conf_restart_option(const struct conf *now, const struct conf *next);

/* The account of that name ("" for the plain one), or NULL. */
const struct conf_account *conf_account_find(
    const struct conf *c, const char *name);

/* The listener of that name, or NULL. */
const struct conf_listen *conf_listen_find(
    const struct conf *c, const char *name);

/*
 * Takes "host", "host:port", "[2001:db8::1]:port" or "2001:db8::1" apart; the
 * port stays as it is where none is given.  -1 when it is none of these.
 */
#define CONF_HOST_MAX 256
int conf_host_split(const char *text, char host[CONF_HOST_MAX], unsigned *port);

/* 127.0.0.0/8, ::1, or a name that RFC 6761 keeps for them. */
bool conf_host_is_loopback(const char *host);

/* An IPv4 or IPv6 address rather than a name. */
bool conf_host_is_address(const char *host);

/*
 * Does the account sign in with access tokens that the program "token" gets?
 * Otherwise its password or token comes from a file or a command.
 */
bool conf_asks_tokens(const struct conf_account *a);

/* true for every provider of Microsoft's */
bool provider_is_office365(enum provider p);

#endif
