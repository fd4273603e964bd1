/* SPDX-License-Identifier: ISC */
#ifndef DELIVERY_TLS_TRIAL_H
#define DELIVERY_TLS_TRIAL_H

#include "common/err.h"

/*
 * Would the system let TLS 1.0 come about, as delivery/tls_old.h asks for it?
 * It is tried, with ourselves, in memory.  0, or -1 with *e saying what refuses
 * it and by which policy, as far as that is known: named in the file policy
 * where a distribution has one, and by OpenSSL's own configuration.
 */
#define TLS_TRIAL_POLICY "/etc/crypto-policies/state/current"
int tls_trial(const char *policy, struct err *e);

#endif
