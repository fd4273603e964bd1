/* SPDX-License-Identifier: ISC */
#ifndef MAIL_VERDICT_PRIV_H
#define MAIL_VERDICT_PRIV_H

#include "mail/verdict.h"

/* The catalogue in its two parts, in the order in which they are looked up. */
extern const struct verdict_row verdict_session_rows[];
extern const size_t verdict_session_rows_n;
extern const struct verdict_row verdict_message_rows[];
extern const size_t verdict_message_rows_n;

/* verdict_words.c: meaning and fix of what no row knows. */
void verdict_words(enum phase at, const struct reply *r,
    enum verdict_class class, struct job_result *out);
void verdict_words_error(enum phase at, struct job_result *out);

/*
 * verdict_name.c: puts a name in each place of the text where the word stands
 * alone, as far as there is room; and an address, if it is plainly one.
 */
void verdict_put_name(
    char *text, size_t size, const char *word, const char *name);
void verdict_put_address(
    char *text, size_t size, const char *word, const char *address);

#define MINUTES 60
#define HOURS   3600

/*
 * Where rows are from, so that a doubtful one can be looked up again.  NDR are
 * Microsoft's articles on non-delivery reports, MicrosoftDocs/SupportArticles-
 * docs; reports are public logs and issues that quote the text.
 */
#define NDR_LIST "Microsoft, \"Non-delivery reports in Exchange Online\""
#define PRINTERS \
	"Microsoft, \"Fix issues with printers, scanners, and LOB " \
	"applications\""
#define REPORTS_STOREDRV \
	"techcommunity.microsoft.com 607825; reports of STOREDRV texts"
#define EXCHANGE_SERVER \
	"Exchange Server's wording; not confirmed for Exchange Online"
#define REPORTS_DIALOGUE "git's mailing list, a session of April 2025"

#endif
