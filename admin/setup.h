/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_SETUP_H
#define ADMIN_SETUP_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "admin/args.h"
#include "admin/dialogue.h"
#include "common/buf.h"
#include "common/conf.h"
#include "common/conf_edit.h"
#include "common/proto_job.h"
#include "common/proto_token.h"

/*
 * "mailchute setup": asks, signs in, and only then writes.  Until it writes,
 * what it has made lies in a folder of its own beside the configuration
 * (setup_stage.c), which goes when it ends, however it ends.
 */

enum setup_way {
	WAY_CERTIFICATE,
	WAY_SECRET,
	WAY_DEVICE,
	WAY_MANAGED,
	WAY_FEDERATED,
	WAY_PASSWORD,
	WAYS
};
#define WAY_IS_APP(w) \
	((w) == WAY_CERTIFICATE || (w) == WAY_SECRET || (w) == WAY_MANAGED || \
	    (w) == WAY_FEDERATED)

/* Office 365 Exchange Online, in every tenant. */
#define EXCHANGE_APP "00000002-0000-0ff1-ce00-000000000000"

/* What the application may do, and who says so. */
enum setup_right {
	RIGHT_PERMISSION, /* SMTP.SendAsApp in Entra, and the mailbox's own */
	RIGHT_ROLE        /* a role of Exchange's, over a scope: App RBAC */
};

/* A file that holds what the account signs in with. */
struct setup_file {
	char *name;       /* as in the configuration; NULL: none */
	struct buf typed; /* what is to be written into it, if anything */
	char *staged;     /* or a file that takes its place, if any */
	bool is_public;
};

/* All answers; those that do not belong to the way are NULL, or 0. */
struct setup_answers {
	enum provider provider;
	enum setup_way way;
	enum setup_right right;
	char *user, *admin;
	char *tenant, *client_id, *expires;
	char *host, *port, *tls, *auth; /* of a provider not Microsoft's */
	struct setup_file secret;       /* the client secret, or the password */
	struct setup_file certificate, key, federated;
};

/* What is known of an access token that was got. */
struct setup_token {
	struct token_granted granted;
	int fd; /* the token itself, or -1 */
};

/* What is missing, in words. */
struct setup_finding {
	char step[64];
	char text[1024];
	char fix[1024];
	bool may_be_late; /* it was done, perhaps, and has no effect yet */
};

struct setup {
	const struct args *args;
	struct dialogue d;
	const char *conf_path;
	char *folder; /* of the configuration */
	char *section;
	const char *account; /* "" is the plain one */
	bool is_print, is_written;
	struct conf_edit *text;   /* the file as it will be */
	struct conf_edit *before; /* and as it was */
	bool is_new;              /* there is no file yet */
	char *user;               /* queue.user */
	uid_t uid;
	gid_t gid;
	char *queue_directory;
	struct setup_answers a;
	struct setup_token token;
	char *stage;         /* a folder beside the configuration, or NULL */
	bool has_made_queue; /* queue.directory */
	char *token_stage;   /* and one for refresh tokens, or NULL */
};

/* Ends of a part of the dialogue. */
enum setup_end {
	SETUP_STOP = -1, /* nothing is to be changed; why was said */
	SETUP_GOOD = 0,
	SETUP_UNPROVED = 1 /* write it, though it does not work yet */
};

/* ---- setup_ask.c: the questions ---- */
int setup_ask_mailbox(struct setup *s);
int setup_ask_way(struct setup *s);
int setup_ask_application(struct setup *s);
int setup_ask_credential(struct setup *s);

/* ---- setup_judge.c: pure ---- */
dialogue_judge setup_wrong_address, setup_wrong_id, setup_wrong_tenant,
    setup_wrong_date, setup_wrong_host, setup_wrong_port, setup_wrong_tls,
    setup_wrong_auth, setup_wrong_auth, setup_wrong_path;
/* What the token says; false with *f filled: a step is missing. */
bool setup_judge_claims(const struct setup_answers *a,
    const struct token_granted *g, struct setup_finding *f);
void setup_judge_failed(const struct setup_answers *a,
    const struct token_failed *x, struct setup_finding *f);
void setup_judge_sign_in(const struct setup_answers *a,
    const struct job_result *r, struct setup_finding *f);

/* ---- setup_lines.c: what to do elsewhere, with this tenant's values ---- */
void setup_lines_register(const struct setup_answers *a, struct buf *b);
void setup_lines_grant(const struct setup_answers *a, struct buf *b);
/* oid: of the service principal; NULL: not known yet. */
void setup_lines_exchange(const struct setup_answers *a, const char *oid,
    const struct strlist *senders, struct buf *b);

/* ---- setup_conf.c: answers and the configuration ---- */
struct setup_answers setup_answers_of(
    const struct conf_edit *x, const char *section);
void setup_answers_clear(struct setup_answers *a);
int setup_apply(
    const struct setup_answers *a, struct conf_edit *x, const char *section);
/* The account that is set up, of such a configuration. */
const struct conf_account *setup_account(
    const struct setup *s, const struct conf *c);
struct conf *setup_load(const struct setup *s, struct conf_problems *p);

/* ---- setup_token.c, setup_sign_in.c: trying it ---- */
/* 0 or -1, the step that is missing in *f. */
int setup_get_token(struct setup *s, const struct conf *c, bool is_device,
    struct setup_finding *f);
int setup_sign_in(
    struct setup *s, const struct conf *c, struct setup_finding *f);

/* ---- setup_try.c: until it works ---- */
enum setup_end setup_prove(struct setup *s);

/* ---- setup_stage.c, setup_write.c: files ---- */
/* Of the configuration; whoever runs on this host may look into it. */
int setup_make_folder(const struct setup *s, struct err *e);
int setup_stage_open(struct setup *s, struct err *e);
int setup_stage_tokens(struct setup *s, struct err *e);
/* Has the account a refresh token already? */
bool setup_has_sign_in(const struct setup *s);
/* The refresh token that lies there becomes the account's. */
int setup_keep_token(const struct setup *s, struct err *e);
void setup_stage_remove(struct setup *s);
/* A descriptor of what the file holds, or will; -1 with *e. */
int setup_file_open(
    const struct setup *s, const struct setup_file *f, struct err *e);
char *setup_free_name(const struct setup *s, const char *stem, const char *end);
/* *backup: the name of the file that was there before, or NULL. */
int setup_write(struct setup *s, char **backup, struct err *e);

/* ---- setup_cert.c ---- */
int setup_make_certificate(struct setup *s, struct err *e);
int setup_show_certificate(struct setup *s, struct err *e);

/* ---- setup_end.c: the daemon, the doctor, a message ---- */
int setup_end(struct setup *s, enum setup_end how);

#endif
