/* SPDX-License-Identifier: ISC */
#ifndef ADMIN_RUN_H
#define ADMIN_RUN_H

#include "admin/args.h"
#include "common/conf.h"
#include "common/ctl_ask.h"

/* The verbs, one file a subject; each returns the exit status. */
int run_queue(const struct args *a, const struct conf *c);
int run_show(const struct args *a, const struct conf *c);
int run_trace(const struct args *a, const struct conf *c); /* show.c */
int run_act(const struct args *a, const struct conf *c);
int run_status(const struct args *a, const struct conf *c);
int run_metrics(const struct args *a, const struct conf *c);
int run_check(const struct args *a, const struct conf *c); /* c: or NULL */
int run_test(const struct args *a, const struct conf *c);
int run_explain(const struct args *a, const struct conf *c);
int run_setup(const struct args *a, const struct conf *c); /* c: or NULL */
int run_devices(const struct args *a, const struct conf *c);
int run_passwd(const struct args *a, const struct conf *c); /* c: or NULL */
int run_config(const struct args *a, const struct conf *c);
int run_explain_reply(const struct args *a, const struct conf *c);

/* What "status" says of a configuration that cannot be used. */
int status_without_conf(
    const struct args *a, const char *verdict, const char *why);

/* And "metrics": 78, or what else comes of it. */
int metrics_without_conf(const struct args *a, const char *verdict);

/* "mailchute: text" on stderr, escaped. */
void complain(const char *text);

/* Where to ask, borrowed from both. */
struct ctl_place place_of(
    const struct args *a, const struct conf *c, enum ctl_start start);

/*
 * Asks, and says what went wrong: the exit status.  The request's ids are the
 * command line's.
 */
int ask(const struct args *a, const struct conf *c, enum ctl_verb verb,
    ctl_row *row, void *arg);

#endif
