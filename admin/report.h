/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_REPORT_H
#define ADMIN_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "common/proto_ctl.h"

/*
 * The answer of "mailchute status": a verdict, and what it rests on as far as
 * the caller may know it.  It owns what it holds.
 */
struct report {
	int64_t now;
	struct ctl_account *accounts;
	size_t naccounts;
	struct ctl_alarm *alarms;
	size_t nalarms;
	struct ctl_token *tokens;
	size_t ntokens;
	struct ctl_expiry *expiries;
	size_t nexpiries;
	struct ctl_listener *listeners;
	size_t nlisteners;
	struct strlist remarks;
	struct ctl_depth *depths; /* for "metrics" alone, down to host */
	size_t ndepths;
	struct ctl_ledger *ledgers;
	size_t nledgers;
	bool has_host;
	struct ctl_host host;
	bool is_whole;   /* the answer came, and to its end */
	int exit_status; /* of sysexits(3); 0 when is_whole */
	bool has_totals;
	struct ctl_totals totals;
};

struct args;
struct conf;

/*
 * Asks for it, CTL_STATUS or CTL_METRICS (status.c): true when a daemon was
 * there to ask.
 */
bool status_inquire(const struct args *a, const struct conf *c,
    enum ctl_verb verb, struct report *r);
void report_clear(struct report *r);
void report_set_verdict(
    struct report *r, const char *verdict, const char *reason);

/* The exit status of monitoring plugins for its verdict; and which that is of
 * all that there are, NULL behind the last. */
int report_status(const struct report *r);
const char *report_verdict_name(int status);

void report_print(const struct report *r, FILE *to, bool coloured);
void report_print_verdict(const struct report *r, FILE *to, bool coloured);
void report_json(const struct report *r, FILE *to);

/* report_figures.c: DEPTH, LEDGER and HOST. */
int report_take_figure(struct report *r, const struct frame *f, struct err *e);
void report_clear_figures(struct report *r);

/* report_metrics.c: the whole of it for Prometheus. */
void report_metrics(const struct report *r, FILE *to);
struct exposition;
void report_metrics_listeners(const struct report *r, struct exposition *x);

/* report_listener.c */
int report_take_listener(
    struct report *r, const struct frame *f, struct err *e);
void report_clear_listeners(struct report *r);
void report_print_listeners(const struct report *r, FILE *to);
json_t *report_json_listeners(const struct report *r);

/* report_token.c: of one account, and its keys in an object of --json. */
int report_take_token(struct report *r, const struct frame *f, struct err *e);
int report_take_expiry(struct report *r, const struct frame *f, struct err *e);
void report_clear_tokens(struct report *r);
/* said: what was told of the account already, or NULL. */
void report_print_tokens(
    const struct report *r, const char *account, const char *said, FILE *to);
void report_add_tokens(const struct report *r, const char *account, json_t *o);

#endif
