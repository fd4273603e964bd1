/* SPDX-License-Identifier: ISC */
#ifndef SMTPD_TLS_RULES_H
#define SMTPD_TLS_RULES_H

#include <openssl/ssl.h>

#include "smtpd/tls.h"

/* What sessions are made from; for smtpd/tls.c. */
SSL_CTX *tls_rules_context(const struct tls_rules *r);

#endif
