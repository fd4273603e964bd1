/* SPDX-License-Identifier: ISC */
/*
 * Every option, its default, its bounds and its help.  Nothing else in the
 * source knows an option's name or default.  Bounds are wide: they keep out
 * what cannot work, not what is merely unusual.
 */
#include "config.h"

#include <string.h>
#include <syslog.h>

#include "common/conf.h"
#include "common/conf_table.h"

#define AT(member)      offsetof(struct conf, member)
#define ACCOUNT(member) offsetof(struct conf_account, member)
#define LISTEN(member)  offsetof(struct conf_listen, member)

#define DAY   86400ULL
#define YEAR  (365 * DAY)
#define KIB   1024ULL
#define GIB   (KIB * KIB * KIB)
#define COUNT 1000000000ULL

static const struct conf_word yes_no[] = { { "yes", 1 }, { "no", 0 },
	{ NULL, 0 } };
static const struct conf_word on_off[] = { { "on", 1 }, { "off", 0 },
	{ "yes", 1 }, { "no", 0 }, { NULL, 0 } };
static const struct conf_word uncertain_words[] = {
	{ "retry", UNCERTAIN_RETRY }, { "hold", UNCERTAIN_HOLD }, { NULL, 0 }
};
static const struct conf_word provider_words[] = { { "office365",
						       PROVIDER_OFFICE365 },
	{ "office365-gcc-high", PROVIDER_OFFICE365_GCC_HIGH },
	{ "office365-dod", PROVIDER_OFFICE365_DOD },
	{ "office365-china", PROVIDER_OFFICE365_CHINA },
	{ "smtp", PROVIDER_SMTP }, { NULL, 0 } };
static const struct conf_word tls_words[] = { { "starttls", TLS_STARTTLS },
	{ "implicit", TLS_IMPLICIT }, { "none", TLS_NONE }, { NULL, 0 } };
static const struct conf_word auth_words[] = { { "xoauth2", AUTH_XOAUTH2 },
	{ "login", AUTH_LOGIN }, { "plain", AUTH_PLAIN }, { "none", AUTH_NONE },
	{ NULL, 0 } };
static const struct conf_word grant_words[] = { { "client_credentials",
						    GRANT_CREDENTIALS },
	{ "refresh_token", GRANT_REFRESH_TOKEN },
	{ "managed_identity", GRANT_MANAGED_IDENTITY },
	{ "federated", GRANT_FEDERATED }, { NULL, 0 } };
static const struct conf_word assertion_words[] = {
	{ "ps256", ASSERTION_PS256 }, { "rs256", ASSERTION_RS256 }, { NULL, 0 }
};
static const struct conf_word rewrite_words[] = { { "auto", REWRITE_AUTO },
	{ "always", REWRITE_ALWAYS }, { "never", REWRITE_NEVER }, { NULL, 0 } };
static const struct conf_word family_words[] = { { "any", FAMILY_ANY },
	{ "ipv4", FAMILY_IPV4 }, { "ipv6", FAMILY_IPV6 }, { NULL, 0 } };
static const struct conf_word tls_min_words[] = { { "1.2", 12 }, { "1.3", 13 },
	{ NULL, 0 } };
static const struct conf_word listen_tls_words[] = {
	{ "none", LISTEN_TLS_NONE }, { "starttls", LISTEN_TLS_STARTTLS },
	{ "required", LISTEN_TLS_REQUIRED },
	{ "implicit", LISTEN_TLS_IMPLICIT }, { NULL, 0 }
};
static const struct conf_word listen_tls_min_words[] = { { "1.0", 10 },
	{ "1.1", 11 }, { "1.2", 12 }, { "1.3", 13 }, { NULL, 0 } };
static const struct conf_word listen_auth_words[] = {
	{ "off", LISTEN_AUTH_OFF }, { "optional", LISTEN_AUTH_OPTIONAL },
	{ "required", LISTEN_AUTH_REQUIRED }, { NULL, 0 }
};
static const struct conf_word bare_newline_words[] = {
	{ "normalise", BARE_NEWLINE_NORMALISE },
	{ "refuse", BARE_NEWLINE_REFUSE }, { NULL, 0 }
};
static const struct conf_word legacy_words[] = { { "off", LEGACY_OFF },
	{ "fallback", LEGACY_FALLBACK }, { "always", LEGACY_ALWAYS },
	{ NULL, 0 } };
static const struct conf_word sandbox_words[] = { { "strict", SANDBOX_STRICT },
	{ "log", SANDBOX_LOG }, { "off", SANDBOX_OFF }, { NULL, 0 } };
static const struct conf_word target_words[] = { { "syslog", CONF_LOG_SYSLOG },
	{ "stderr", CONF_LOG_STDERR }, { "file", CONF_LOG_FILE }, { NULL, 0 } };
static const struct conf_word level_words[] = { { "err", LOG_ERR },
	{ "warning", LOG_WARNING }, { "notice", LOG_NOTICE },
	{ "info", LOG_INFO }, { "debug", LOG_DEBUG }, { NULL, 0 } };

const struct conf_option conf_options[] = {
	{ SECTION_LOCAL, "hostname", VALUE_HOSTNAME, AT(local.hostname),
	    "the host's name in EHLO, Received and Message-ID",
	    .shown = "the system's name" },
	{ SECTION_LOCAL, "domain", VALUE_DOMAIN, AT(local.domain),
	    "added to addresses without a domain",
	    .shown = "/etc/mailname, else hostname" },
	{ SECTION_LOCAL, "names", VALUE_DOMAINS, AT(local.names),
	    "domains whose addresses are local names",
	    .shown = "hostname, its first label, localhost" },
	{ SECTION_LOCAL, "aliases", VALUE_PATH, AT(local.aliases),
	    "the alias file", .def = "/etc/aliases" },
	{ SECTION_LOCAL, "admin", VALUE_ADDRESS, AT(local.admin),
	    "where local names without an alias, failed bounces and alarms go",
	    .shown = "user of the default account" },
	{ SECTION_LOCAL, "redirect", VALUE_ADDRESS, AT(local.redirect),
	    "all mail goes to this address instead", .none = "none" },
	{ SECTION_LOCAL, "alarm_command", VALUE_COMMAND,
	    AT(local.alarm_command),
	    "a program that takes an alarm's text on its input",
	    .none = "none" },
	{ SECTION_QUEUE, "user", VALUE_USER, AT(queue.user),
	    "whom mailchuted becomes when started as root", .def = DEFAULT_USER,
	    .flags = OPTION_RESTART },
	{ SECTION_QUEUE, "admin_group", VALUE_USER, AT(queue.admin_group),
	    "a group that may read and change the whole queue", .none = "none",
	    .flags = OPTION_RESTART },
	{ SECTION_QUEUE, "directory", VALUE_PATH, AT(queue.directory),
	    "the queue itself", .def = PATH_LOCALSTATE "/lib/mailchute",
	    .flags = OPTION_RESTART },
	{ SECTION_QUEUE, "socket_directory", VALUE_PATH,
	    AT(queue.socket_directory), "sockets and the process id",
	    .def = PATH_RUNSTATE "/mailchute", .flags = OPTION_RESTART },
	{ SECTION_QUEUE, "drop_directory", VALUE_PATH, AT(queue.drop_directory),
	    "mail handed in while no daemon runs",
	    .def = PATH_LOCALSTATE "/spool/mailchute/drop",
	    .flags = OPTION_RESTART },
	{ SECTION_QUEUE, "delivery", VALUE_BOOL, AT(queue.delivery),
	    "off: accept and keep, deliver nothing", .def = "on",
	    .words = on_off },
	{ SECTION_QUEUE, "lifetime", VALUE_DURATION, AT(queue.lifetime_s),
	    "then a waiting message bounces", .def = "5d", .min = 1,
	    .max = YEAR },
	{ SECTION_QUEUE, "delay_notice", VALUE_DURATION,
	    AT(queue.delay_notice_s), "when the sender is told of a delay",
	    .def = "4h", .none = "never", .min = 1, .max = YEAR },
	{ SECTION_QUEUE, "retry", VALUE_DURATIONS, AT(queue.retry_s),
	    "waits between attempts; the last repeats",
	    .def = "1m 2m 5m 10m 20m 40m 1h", .min = 1, .max = 30 * DAY,
	    .count_offset = AT(queue.nretry) },
	{ SECTION_QUEUE, "uncertain", VALUE_WORD, AT(queue.uncertain),
	    "what becomes of mail whose delivery is not known", .def = "retry",
	    .words = uncertain_words },
	{ SECTION_QUEUE, "stall", VALUE_DURATION, AT(queue.stall_s),
	    "nothing delivered for so long though mail is due: alarm",
	    .def = "1h", .min = 1, .max = YEAR },
	{ SECTION_QUEUE, "history", VALUE_DURATION, AT(queue.history_s),
	    "how long the journal of finished mail is kept", .def = "30d",
	    .min = 1, .max = 100 * YEAR },
	{ SECTION_QUEUE, "message_size_max", VALUE_SIZE,
	    AT(queue.message_size_max),
	    "a larger message is refused at submission", .def = "35M", .min = 1,
	    .max = 100 * GIB },
	{ SECTION_QUEUE, "free_space_min", VALUE_SIZE, AT(queue.free_space_min),
	    "with less free space nothing is accepted", .def = "100M",
	    .max = 1024 * GIB },
	{ SECTION_QUEUE, "uid_messages", VALUE_COUNT, AT(queue.uid_messages),
	    "messages of one user that may wait at once", .def = "20000",
	    .min = 1, .max = COUNT },
	{ SECTION_QUEUE, "uid_bytes", VALUE_SIZE, AT(queue.uid_bytes),
	    "octets of one user that may wait at once", .def = "2G", .min = 1,
	    .max = 1024 * GIB },
	{ SECTION_QUEUE, "uid_connections", VALUE_COUNT,
	    AT(queue.uid_connections), "submissions of one user at once",
	    .def = "64", .min = 1, .max = 10000 },
	{ SECTION_QUEUE, "uid_rate", VALUE_RATE, AT(queue.uid_rate),
	    "a user who hands in more messages is warned of", .def = "600/1h",
	    .none = "none", .max = COUNT },
	{ SECTION_QUEUE, "uid_share", VALUE_COUNT, AT(queue.uid_share),
	    "hundredths of a day's recipients that one user may take",
	    .def = "75", .min = 1, .max = 100 },
	{ SECTION_ACCOUNT, "provider", VALUE_WORD, ACCOUNT(provider),
	    "the cloud, or smtp for any other server", .def = "office365",
	    .words = provider_words },
	{ SECTION_ACCOUNT, "host", VALUE_HOSTS, ACCOUNT(hosts),
	    "the submission server; at smtp a list, tried in order",
	    .shown = "by provider" },
	{ SECTION_ACCOUNT, "port", VALUE_NUMBER, ACCOUNT(port), "its port",
	    .def = "587", .min = 1, .max = 65535 },
	{ SECTION_ACCOUNT, "tls", VALUE_WORD, ACCOUNT(tls),
	    "how the connection becomes secure", .def = "starttls",
	    .words = tls_words },
	{ SECTION_ACCOUNT, "user", VALUE_LOGIN, ACCOUNT(user),
	    "the mailbox that signs in",
	    .shown = "none; required, but for auth = none" },
	{ SECTION_ACCOUNT, "users", VALUE_USERS, ACCOUNT(users),
	    "system users and @groups that may send by this account",
	    .def = "all", .none = "all" },
	{ SECTION_ACCOUNT, "auth", VALUE_WORD, ACCOUNT(auth), "how to sign in",
	    .shown = "by what is given", .words = auth_words },
	{ SECTION_ACCOUNT, "password_file", VALUE_SECRET,
	    ACCOUNT(password_file), "its first line is the password",
	    .flags = OPTION_SECRET },
	{ SECTION_ACCOUNT, "password_command", VALUE_COMMAND,
	    ACCOUNT(password_command),
	    "the first line that it prints is the password",
	    .flags = OPTION_SECRET },
	{ SECTION_ACCOUNT, "token_file", VALUE_SECRET, ACCOUNT(token_file),
	    "an access token kept fresh by another program",
	    .flags = OPTION_SECRET },
	{ SECTION_ACCOUNT, "grant", VALUE_WORD, ACCOUNT(grant),
	    "the OAuth grant", .def = "client_credentials",
	    .words = grant_words },
	{ SECTION_ACCOUNT, "tenant", VALUE_ID, ACCOUNT(tenant),
	    "OAuth: tenant id or a domain of the tenant", .shown = "none" },
	{ SECTION_ACCOUNT, "client_id", VALUE_ID, ACCOUNT(client_id),
	    "OAuth: the application's id", .shown = "none" },
	{ SECTION_ACCOUNT, "client_secret_file", VALUE_SECRET,
	    ACCOUNT(client_secret_file), "OAuth: the application's secret",
	    .flags = OPTION_SECRET },
	{ SECTION_ACCOUNT, "client_secret_expires", VALUE_DATE,
	    ACCOUNT(client_secret_expires),
	    "OAuth: the day on which that secret ends", .shown = "none" },
	{ SECTION_ACCOUNT, "certificate_file", VALUE_SECRET,
	    ACCOUNT(certificate_file), "OAuth: the application's certificate",
	    .shown = "none" },
	{ SECTION_ACCOUNT, "key_file", VALUE_SECRET, ACCOUNT(key_file),
	    "OAuth: that certificate's private key", .flags = OPTION_SECRET },
	{ SECTION_ACCOUNT, "assertion", VALUE_WORD, ACCOUNT(assertion),
	    "OAuth: how that key signs", .def = "ps256",
	    .words = assertion_words },
	{ SECTION_ACCOUNT, "app_rbac", VALUE_BOOL, ACCOUNT(app_rbac),
	    "OAuth: a role in Exchange Online lets the application send",
	    .def = "no", .words = yes_no },
	{ SECTION_ACCOUNT, "federated_token_file", VALUE_SECRET,
	    ACCOUNT(federated_token_file), "OAuth: the platform's token",
	    .flags = OPTION_SECRET },
	{ SECTION_ACCOUNT, "token_url", VALUE_URL, ACCOUNT(token_url),
	    "OAuth: the token endpoint", .shown = "by provider and tenant" },
	{ SECTION_ACCOUNT, "scope", VALUE_TEXT, ACCOUNT(scope),
	    "OAuth: the scope asked for", .shown = "by provider and grant" },
	{ SECTION_ACCOUNT, "proxy", VALUE_URL, ACCOUNT(proxy),
	    "a proxy for token requests", .none = "none" },
	{ SECTION_ACCOUNT, "senders", VALUE_PATTERNS, ACCOUNT(senders),
	    "addresses that this account may send as", .shown = "user" },
	{ SECTION_ACCOUNT, "rewrite", VALUE_WORD, ACCOUNT(rewrite),
	    "when From and the envelope sender are rewritten", .def = "auto",
	    .words = rewrite_words },
	{ SECTION_ACCOUNT, "original_from", VALUE_BOOL, ACCOUNT(original_from),
	    "keep a rewritten From in X-Original-From", .def = "yes",
	    .words = yes_no },
	{ SECTION_ACCOUNT, "family", VALUE_WORD, ACCOUNT(family),
	    "the address family to connect by", .def = "any",
	    .words = family_words },
	{ SECTION_ACCOUNT, "tls_min", VALUE_WORD, ACCOUNT(tls_min),
	    "the lowest TLS version", .def = "1.2", .words = tls_min_words },
	{ SECTION_ACCOUNT, "tls_ca_file", VALUE_PATH, ACCOUNT(tls_ca_file),
	    "certificates to trust, in PEM", .shown = "the system's store" },
	{ SECTION_ACCOUNT, "legacy", VALUE_WORD, ACCOUNT(legacy),
	    "Microsoft's endpoint for TLS 1.0 and 1.1", .def = "off",
	    .words = legacy_words },
	{ SECTION_ACCOUNT, "legacy_host", VALUE_HOSTPORT, ACCOUNT(legacy_host),
	    "that endpoint", .shown = "by provider" },
	{ SECTION_ACCOUNT, "connections", VALUE_NUMBER, ACCOUNT(connections),
	    "connections at once", .def = "2", .min = 1, .max = 16 },
	{ SECTION_ACCOUNT, "linger", VALUE_DURATION, ACCOUNT(linger_s),
	    "how long an idle connection is kept", .def = "10s", .max = 600 },
	{ SECTION_ACCOUNT, "rate", VALUE_RATE, ACCOUNT(rate),
	    "messages in any such window", .def = "28/1m",
	    .shown = "28/1m; none at smtp", .none = "none", .max = COUNT },
	{ SECTION_ACCOUNT, "recipients_per_day", VALUE_COUNT,
	    ACCOUNT(recipients_per_day), "recipients in any 24 hours",
	    .def = "10000", .shown = "10000; none at smtp", .none = "none",
	    .min = 1, .max = COUNT },
	{ SECTION_ACCOUNT, "recipients_per_message", VALUE_NUMBER,
	    ACCOUNT(recipients_per_message), "a larger envelope is split",
	    .def = "500", .min = 1, .max = 1000 },
	{ SECTION_ACCOUNT, "backoff_min", VALUE_DURATION,
	    ACCOUNT(backoff_min_s), "first wait of a failing account",
	    .def = "15s", .min = 1, .max = YEAR },
	{ SECTION_ACCOUNT, "backoff_max", VALUE_DURATION,
	    ACCOUNT(backoff_max_s), "longest wait of a failing account",
	    .def = "15m", .min = 1, .max = YEAR },
	{ SECTION_ACCOUNT, "chunking", VALUE_BOOL, ACCOUNT(chunking),
	    "send by BDAT where it is offered", .def = "yes", .words = yes_no },
	{ SECTION_LISTEN, "address", VALUE_IP, LISTEN(address),
	    "the address to listen on", .def = "127.0.0.1" },
	{ SECTION_LISTEN, "port", VALUE_NUMBER, LISTEN(port), "its port",
	    .def = "25", .min = 1, .max = 65535 },
	{ SECTION_LISTEN, "tls", VALUE_WORD, LISTEN(tls),
	    "whether clients may or must use TLS", .def = "none",
	    .words = listen_tls_words },
	{ SECTION_LISTEN, "tls_min", VALUE_WORD, LISTEN(tls_min),
	    "the lowest TLS version", .def = "1.2",
	    .words = listen_tls_min_words },
	{ SECTION_LISTEN, "certificate_file", VALUE_SECRET,
	    LISTEN(certificate_file), "the server's certificates, in PEM",
	    .shown = "none" },
	{ SECTION_LISTEN, "key_file", VALUE_SECRET, LISTEN(key_file),
	    "that certificate's private key", .flags = OPTION_SECRET },
	{ SECTION_LISTEN, "allow", VALUE_NETWORKS, LISTEN(allow),
	    "networks whose clients may connect",
	    .shown = "loopback; required for another address" },
	{ SECTION_LISTEN, "auth", VALUE_WORD, LISTEN(auth),
	    "whether clients may or must sign in", .def = "off",
	    .words = listen_auth_words },
	{ SECTION_LISTEN, "users_file", VALUE_SECRET, LISTEN(users_file),
	    "their names and hashed passwords", .flags = OPTION_SECRET },
	{ SECTION_LISTEN, "senders", VALUE_SENDERS, LISTEN(senders),
	    "addresses that clients may send as", .shown = "any" },
	{ SECTION_LISTEN, "account", VALUE_ID, LISTEN(account),
	    "the account that the mail goes by",
	    .shown = "by the sender, as for any mail" },
	{ SECTION_LISTEN, "from", VALUE_ADDRESS, LISTEN(from),
	    "the sender that all mail is given",
	    .shown = "as the client says" },
	{ SECTION_LISTEN, "max_size", VALUE_SIZE, LISTEN(max_size),
	    "a larger message is refused", .shown = "queue.message_size_max",
	    .min = 1, .max = 100 * GIB },
	{ SECTION_LISTEN, "max_recipients", VALUE_NUMBER,
	    LISTEN(max_recipients), "recipients of a message", .def = "100",
	    .min = 1, .max = 100000 },
	{ SECTION_LISTEN, "rate", VALUE_RATE, LISTEN(rate),
	    "messages of one client in any such window", .def = "60/1m",
	    .none = "none", .max = COUNT },
	{ SECTION_LISTEN, "connection_rate", VALUE_RATE,
	    LISTEN(connection_rate),
	    "connections of one client in any such window", .def = "600/1m",
	    .none = "none", .max = COUNT },
	{ SECTION_LISTEN, "client_connections", VALUE_NUMBER,
	    LISTEN(client_connections), "connections of one client at once",
	    .def = "4", .min = 1, .max = 500 },
	{ SECTION_LISTEN, "connections", VALUE_NUMBER, LISTEN(connections),
	    "connections at once", .def = "32", .min = 1, .max = 500 },
	{ SECTION_LISTEN, "bare_newline", VALUE_WORD, LISTEN(bare_newline),
	    "what becomes of a lone CR or LF", .def = "normalise",
	    .words = bare_newline_words },
	{ SECTION_LISTEN, "log_dialogue", VALUE_IP, LISTEN(log_dialogue),
	    "a client whose dialogues are logged", .none = "none" },
	{ SECTION_SANDBOX, "mode", VALUE_WORD, AT(sandbox),
	    "confinement of the programs", .def = "strict",
	    .words = sandbox_words },
	{ SECTION_LOG, "target", VALUE_WORD, AT(log.target),
	    "where the log goes", .def = "syslog", .words = target_words },
	{ SECTION_LOG, "file", VALUE_PATH, AT(log.file),
	    "the log file, for target = file", .none = "none" },
	{ SECTION_LOG, "level", VALUE_WORD, AT(log.level),
	    "the least important line that is logged", .def = "info",
	    .words = level_words },
};
const size_t conf_noptions = sizeof(conf_options) / sizeof(conf_options[0]);

const char *
conf_section_name(enum conf_section s)
{
	static const char *const names[SECTIONS] = { "local", "queue",
		"account", "sandbox", "log", "listen" };

	return names[s];
}

const struct conf_option *
conf_option_find(enum conf_section s, const char *name)
{
	size_t i;

	for (i = 0; i < conf_noptions; i++)
		if (conf_options[i].section == s &&
		    strcmp(conf_options[i].name, name) == 0)
			return &conf_options[i];
	return NULL;
}
