/* SPDX-License-Identifier: ISC */
#ifndef COMMON_PROTO_JOB_PRIV_H
#define COMMON_PROTO_JOB_PRIV_H

#include "common/err.h"
#include "common/frame.h"
#include "common/proto_job.h"

/* 0 when the frame is of that type; else -1 with *e filled. */
int job_expect(const struct frame *f, enum job_type type, struct err *e);

#endif
