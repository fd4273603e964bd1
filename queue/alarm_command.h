/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_ALARM_COMMAND_H
#define QUEUE_ALARM_COMMAND_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"

/*
 * In the parent: local.alarm_command, run once for each alarm with its text on
 * descriptor 0.  One runs at a time, in a process group of its own, which is
 * killed after a minute; a few more texts wait behind it.  How it failed, and
 * the first line that it said on descriptor 2, is logged.
 */
struct alarm_command;

#define ALARM_COMMAND_WAITING 16

/* no_commands: none is ever run. */
struct alarm_command *alarm_command_new(
    const struct conf *conf, bool no_commands);
void alarm_command_free(struct alarm_command *c);

/* The configuration for those to come. */
void alarm_command_set_conf(struct alarm_command *c, const struct conf *conf);

/* Runs it, or has it wait; one too many is left out, and logged. */
void alarm_command_tell(struct alarm_command *c, const char *text);

/* What to poll for reading (-1: nothing), and reading it. */
int alarm_command_fd(const struct alarm_command *c);
void alarm_command_hear(struct alarm_command *c);

bool alarm_command_is_running(const struct alarm_command *c);

/* Was it this process that ended?  Then the next is run. */
bool alarm_command_reaped(struct alarm_command *c, pid_t pid, int wstatus);

int64_t alarm_command_deadline(const struct alarm_command *c); /* monotonic */
void alarm_command_kill_overdue(struct alarm_command *c, int64_t now);

/* The end: kills it, and forgets those that wait. */
void alarm_command_kill(struct alarm_command *c);

/* Closes our end: for a fork that does not own it. */
void alarm_command_close(struct alarm_command *c);

#endif
