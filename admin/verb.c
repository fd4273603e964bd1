/* SPDX-License-Identifier: ISC */
/* The table of verbs: what each takes, does and is for. */
#include "config.h"

#include "admin/run.h"

const struct verb verbs[] = {
	{ "queue", TAKES_JSON, run_queue, "[--json]",
	    "list the mail that waits, and why" },
	{ "show", TAKES_ID | TAKES_BODY | TAKES_JSON, run_show,
	    "id [--body] [--json]", "all that is known of one message" },
	{ "trace", TAKES_WORD | TAKES_JSON, run_trace, "word [--json]",
	    "what became of mail, by id, Message-ID or address" },
	{ "hold", TAKES_IDS, run_act, "id ... | ALL",
	    "keep messages until they are released" },
	{ "release", TAKES_IDS, run_act, "id ... | ALL",
	    "let held messages go" },
	{ "retry", TAKES_IDS, run_act, "id ... | ALL",
	    "try now, whatever the schedule says" },
	{ "remove", TAKES_IDS | TAKES_YES, run_act, "id ... | ALL [--yes]",
	    "take messages out of the queue" },
	{ "pause", 0, run_act, "", "accept mail, deliver none" },
	{ "resume", 0, run_act, "", "deliver again" },
	{ "legacy", TAKES_STAY, run_act, "on time | off [account]",
	    "by which endpoint an account's mail goes" },
	{ "status", TAKES_JSON | TAKES_WATCH, run_status, "[--json] [--watch]",
	    "is my mail going out?" },
	{ "metrics", TAKES_FILE, run_metrics, "[--output file]",
	    "the figures of status, for Prometheus" },
	{ "check", TAKES_JSON | TAKES_SEND | IS_ALONE, run_check,
	    "[--send address] [--json]",
	    "look for what keeps mail from going out" },
	{ "test", TAKES_TEST | TAKES_JSON, run_test, "address [--json]",
	    "send one message, and wait for the answer" },
	{ "explain", TAKES_MAIL | TAKES_JSON, run_explain,
	    "[-f sender] [rcpt ...] <", "what would become of a message" },
	{ "setup", TAKES_SETUP | IS_ALONE, run_setup, "[--print] [account]",
	    "ask, sign in, write the configuration, send a test" },
	{ "devices", TAKES_JSON | TAKES_OLD, run_devices, "[--old] [--json]",
	    "who sends by the listeners, and in which TLS" },
	{ "passwd", TAKES_LOGIN | IS_ALONE, run_passwd,
	    "login [--delete] | --list", "who may sign in at a listener" },
	{ "config", TAKES_JSON, run_config, "[--json]",
	    "the options in force, and where each comes from" },
	{ "explain-reply", TAKES_WORDS | TAKES_PHASE | TAKES_JSON | IS_ALONE,
	    run_explain_reply, "reply [--phase phase] [--json]",
	    "what a server's reply means" },
};
const size_t nverbs = sizeof(verbs) / sizeof(verbs[0]);
