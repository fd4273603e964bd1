/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PROTO_TOKEN_H
#define COMMON_PROTO_TOKEN_H

#include "common/conf.h"
#include "common/frame.h"

/*
 * The token contract between mailchuted's queue process and token
 * (docs/protocol.md).  token is started for one request of one account, with
 * the token channel on TOKEN_FD and the secret channel on TOKEN_SECRET_FD, and
 * asks a token endpoint for an access token.
 *
 *	queue:  ASK                             once
 *	token:  [CODE] GRANTED | FAILED         then it exits
 *	        REFUSED                         so it does then
 *
 * Rules that the two keep:
 * - No secret is in any frame: not the access token, nor the refresh token,
 *   nor a device code.  The access token goes to the parent's keeping (below),
 *   and GRANTED comes only after the parent has it: a deliver that is started
 *   after GRANTED was read signs in with it.
 * - CODE comes only with is_device_code: who reads it shows the address and the
 *   code to a human, and waits on.  token polls the endpoint until he has
 *signed in, has refused, or expires_s is over.
 * - REFUSED answers an ASK that is not understood: the program on disk was
 *   upgraded while mailchuted ran.  It is the one frame that no version
 *   changes, and it backs the account off.
 * - An end without GRANTED, FAILED or REFUSED is a failure that may pass: the
 *   program was killed, or crashed.  A refresh token that it had already been
 *   given is on disk, or the one before it still works.
 * - The queue closes the token channel to end token at once, in any state.
 *   token ends by itself when deadline_ms is over (device code: expires_s).
 *
 * What the queue makes of an answer:
 * - GRANTED: the token is good until "until"; ask again ahead of that.  doubt
 *   is no failure: mail is tried, and when sign-in is then refused it is the
 *   likely reason, and its fix goes before the server's own.
 * - FAILED with TOKEN_NEVER: the account is held until somebody acts (a changed
 *   secret, SIGHUP, "mailchute retry").  A token that is still good is used
 *   until it ends: the failure of an early refresh is a warning until then.
 * - FAILED with TOKEN_LATER: wait wait_s at least, 0: as the schedule says.
 *
 * The secret channel (SOCK_SEQPACKET): token writes one octet of those below,
 * the parent answers each by one fdpass_send (common/fdpass.h): a descriptor,
 * and its name for messages; or none, and as text SECRET_LATER or SECRET_NEVER
 * (common/proto_job.h), a blank, and the reason.  The parent never reads what
 * it hands over.
 */

#define TOKEN_VERSION   2
#define TOKEN_FD        3
#define TOKEN_SECRET_FD 4

/* The octets of the secret channel. */
#define TOKEN_GIVE_SECRET      'S' /* account.client_secret_file */
#define TOKEN_GIVE_CERTIFICATE 'C' /* account.certificate_file */
#define TOKEN_GIVE_KEY         'K' /* account.key_file */
#define TOKEN_GIVE_FEDERATED   'F' /* account.federated_token_file */
#define TOKEN_GIVE_FOLDER      'D' /* the folder of refresh tokens */
#define TOKEN_GIVE_PLACE       'A' /* memory, for the access token */
/*
 * The access token in that memory is complete.  The parent makes it the
 * account's own and answers without a descriptor: "" for yes, else as above.
 */
#define TOKEN_KEEP_PLACE 'W'

/* The least and the most that the queue may take for deadline_ms. */
#define TOKEN_DEADLINE_MIN_MS 100
#define TOKEN_DEADLINE_MAX_MS (10 * 60 * 1000)
#define TOKEN_DEADLINE_MS     30000 /* what to ask with */
#define TOKEN_CONNECT_MS      10000

#define TOKEN_LIFETIME_MAX_S (28 * 3600) /* what a longer one counts as */
#define TOKEN_WAIT_MAX_S     (4 * 3600)

enum token_type {
	TOKEN_ASK = 1,
	TOKEN_REFUSED, /* raw: a text */
	TOKEN_GRANTED,
	TOKEN_FAILED,
	TOKEN_CODE
};

/* By what the application proves who it is. */
enum token_proof {
	TOKEN_PROOF_NONE, /* a public client; or a managed identity */
	TOKEN_PROOF_SECRET,
	TOKEN_PROOF_CERTIFICATE, /* certificate and key */
	TOKEN_PROOF_FEDERATED
};

/*
 * All that token needs to know; strings are owned by the struct.  A get
 * function starts from all zero and needs no clear after it failed.  It is
 * filled from a struct conf_account by token_ask_of.
 */
struct token_ask {
	char *account; /* "" is the plain one: common/token_file.h */
	enum provider provider;
	enum oauth_grant grant;
	enum token_proof proof;
	enum conf_assertion assertion;
	bool app_rbac;       /* what is to be expected of its roles */
	bool is_device_code; /* a human signs in; grant is refresh_token */
	char *token_url;     /* of the configuration, which has defaults */
	char *scope;
	char *client_id; /* NULL: a managed identity of the system's choice */
	char *tenant;    /* for texts; NULL as in the configuration */
	char *user;      /* for texts */
	char *proxy;     /* NULL: none */
	char *ca_file;   /* NULL: the system's store */
	enum conf_family family;
	enum sandbox_mode sandbox;
	uint64_t deadline_ms; /* from ASK to the answer */
	uint64_t connect_ms;  /* of that, for each address */
	/* logging; CONF_LOG_FILE: stderr is that file, opened by the parent */
	enum conf_log_target log_target;
	unsigned log_level; /* of syslog(3) */
};
void token_ask_clear(struct token_ask *a);
int token_put_ask(struct buf *b, const struct token_ask *a);
int token_get_ask(const struct frame *f, struct token_ask *a, struct err *e);

/*
 * The request that the account's configuration describes; *a is for
 * token_ask_clear.  Only for an account of conf_asks_tokens.
 */
void token_ask_of(const struct conf *conf, const struct conf_account *account,
    struct token_ask *a);

/* REFUSED: why, in the words of token_get_ask. */
int token_put_refused(struct buf *b, const char *text);
int token_get_refused(
    const struct frame *f, char text[ERR_TEXT_MAX], struct err *e);

/*
 * What the access token says of itself, where it can be read: a consumer's
 * cannot, and no one but Exchange may rely on it.  Lists are joined by blanks,
 * cut to what fits; "" and 0: it says nothing.
 */
struct token_claims {
	char aud[256];
	char roles[512]; /* of an application's own sign-in */
	char scp[256];   /* of a sign-in in somebody's name */
	char appid[64];
	char oid[64]; /* the service principal's, or the user's */
	char tid[64];
	char upn[256];
	int64_t exp;
};

/* GRANTED.  Times are of this host's clock, in seconds since 1970. */
struct token_granted {
	uint64_t
	    lifetime_s;   /* as the server said, TOKEN_LIFETIME_MAX_S at most */
	int64_t asked_at; /* when the request was sent */
	int64_t until;    /* asked_at + lifetime_s */
	int64_t server_at; /* the server's clock (Date), or 0 */
	bool has_refresh;  /* the account has a refresh token */
	bool is_rotated;   /* a new one came with this answer, and is stored */
	int64_t refresh_since; /* when the stored one was written; or 0 */
	int64_t cert_until;    /* end of account.certificate_file; or 0 */
	/*
	 * What in the claims makes a refusal by the mail server likely (the
	 * wrong audience, neither role nor scope), or that the new refresh
	 * token could not be stored; "" is the rule.
	 */
	char doubt[ERR_TEXT_MAX];
	char fix[512];
	struct token_claims claims;
};
int token_put_granted(struct buf *b, const struct token_granted *g);
int token_get_granted(
    const struct frame *f, struct token_granted *g, struct err *e);

enum token_class {
	TOKEN_LATER = 1, /* it may pass by itself; so is all that is unknown */
	TOKEN_NEVER      /* an administrator has to mend it */
};

/* What has come to its end, for the calendar. */
enum token_ended {
	TOKEN_ENDED_NOTHING,
	TOKEN_ENDED_SECRET,
	TOKEN_ENDED_CERTIFICATE,
	TOKEN_ENDED_REFRESH /* somebody has to sign in again */
};

struct token_failed {
	enum token_class class;
	enum token_ended ended;
	unsigned http;               /* status of the answer, or 0 */
	uint64_t aadsts;             /* Entra's number, or 0 */
	char status[ERR_STATUS_MAX]; /* RFC 3463, for mailq */
	char error[64];              /* OAuth's word: "invalid_client"; or "" */
	/*
	 * The server's text, cut and cleaned, trace ids kept: support asks for
	 * them.  Or our own words.
	 */
	char text[ERR_TEXT_MAX];
	char phase[32]; /* "secret", "connect", "TLS", "answer", ... */
	char meaning[256], fix[512]; /* may be ""; see below */
	uint64_t wait_s;   /* TOKEN_LATER: at least so long; TOKEN_WAIT_MAX_S */
	int64_t server_at; /* the server's clock (Date), or 0 */
	int64_t asked_at;  /* ours, when the request was sent; or 0 */
	int64_t cert_until; /* end of account.certificate_file; or 0 */
};
int token_put_failed(struct buf *b, const struct token_failed *x);

/* How fix begins, or what it is: true of mailchuted, which asks by itself. */
#define TOKEN_FIX_AGAIN "Nothing at first: it is asked again by itself. "
#define TOKEN_FIX_MEND \
	"Mend what the text names, then run \"mailchute retry ALL\"."

int token_get_failed(
    const struct frame *f, struct token_failed *x, struct err *e);

/* CODE: what to show to a human. */
struct token_code {
	char uri[256]; /* where he goes */
	char code[64]; /* what he types there */
	uint64_t expires_s;
	uint64_t interval_s; /* how often token asks */
};
int token_put_code(struct buf *b, const struct token_code *c);
int token_get_code(const struct frame *f, struct token_code *c, struct err *e);

#endif
