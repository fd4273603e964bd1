/* SPDX-License-Identifier: ISC */
#ifndef COMMON_JOB_SESSION_H
#define COMMON_JOB_SESSION_H

#include "common/conf.h"
#include "common/proto_job.h"

/* What deliver is told about the account; for job_session_clear. */
void session_describe(const struct conf *conf, const struct conf_account *a,
    struct job_session *s);

/* The same account at its legacy host: of TLS its least version is 1.0. */
void session_turn_legacy(const struct conf_account *a, struct job_session *s);

#endif
