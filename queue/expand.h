/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_EXPAND_H
#define QUEUE_EXPAND_H

#include <stddef.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/envelope.h"
#include "common/err.h"
#include "common/proto_submit.h"
#include "mail/targets.h"

struct ask;

/*
 * mail/targets.h by the file local.aliases, which the parent opens and which is
 * read anew when it has changed.
 */
struct expand;
struct expand *expand_new(const struct conf *conf, struct ask *ask);
void expand_free(struct expand *x);

/*
 * Expands the recipients of an envelope, each target once.  NULL with *e
 * filled when nothing comes of it (too many targets).
 */
struct expanded *expand_rcpts(
    struct expand *x, const struct envelope *env, struct err *e);

/*
 * The same of one address that we write to ourselves; NULL also for a local
 * name without an alias where there is no local.admin.
 */
struct expanded *expand_address(
    struct expand *x, const char *address, struct err *e);

/* Where the administrator reads: local.redirect overrules local.admin, too. */
const char *expand_admin(const struct conf *conf);

/*
 * A header field that names the recipients local.redirect took away: the first
 * of them, and how many more there are.  A server takes a header of some tens
 * of KiB and no more, and this mail has to arrive.  b has room for it.
 */
#define EXPAND_NAMED_MAX  (16 * 1024) /* octets; then no name begins */
#define EXPAND_NAMED_ROOM (EXPAND_NAMED_MAX + SUBMIT_TEXT_MAX + 128)
void expand_put_redirected(const struct envelope *env, struct buf *b);

#endif
