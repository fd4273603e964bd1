/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_SECRET_COMMAND_H
#define QUEUE_SECRET_COMMAND_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/strlist.h"

/*
 * The commands that print a secret (account.password_command), as the parent
 * sees them: it starts them, hands on the descriptor that they print to, and
 * says how each has ended.  What they print it never reads; what they say on
 * descriptor 2 nobody does, since it may hold the secret.
 */
#define SECRET_COMMANDS_MAX 64
struct secret_commands;

struct secret_commands *secret_commands_new(void);
void secret_commands_free(struct secret_commands *c); /* kills none */

/*
 * Starts one for the process asker: the descriptor that it prints to, the
 * caller's to close, or -1 with *e filled.  It leads a process group, and is
 * killed with all that it started when it takes too long.
 */
int secret_command_start(struct secret_commands *c, const struct strlist *argv,
    pid_t asker, struct err *e);

/*
 * A process has ended.  False: it is none of these.  Else who had asked for it;
 * why is ERR_NONE when it ended well, ERR_TEMP when that may pass by itself,
 * and ERR_LOCAL when somebody has to look.  What it left running is killed.
 */
bool secret_command_reaped(struct secret_commands *c, pid_t pid, int wstatus,
    pid_t *asker, struct err *why);

void secret_commands_kill(struct secret_commands *c);
void secret_commands_kill_overdue(struct secret_commands *c, int64_t now);
int64_t secret_commands_deadline(const struct secret_commands *c);
size_t secret_commands_count(const struct secret_commands *c);

#endif
