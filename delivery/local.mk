noinst_LIBRARIES += libdelivery.a
pkglibexec_PROGRAMS += delivery/deliver

libdelivery_a_SOURCES = \
	delivery/address.c delivery/address.h \
	delivery/body.c delivery/body.h delivery/body_priv.h \
	delivery/channel.c delivery/channel.h \
	delivery/command.c delivery/command.h \
	delivery/conn.c delivery/conn.h \
	delivery/data.c \
	delivery/ehlo.c delivery/ehlo.h \
	delivery/fit.c \
	delivery/idn.c delivery/idn.h \
	delivery/outgoing.c delivery/outgoing.h \
	delivery/probe.c delivery/probe.h \
	delivery/reply_read.c delivery/reply_read.h \
	delivery/resolve.c delivery/resolve.h \
	delivery/sasl.c delivery/sasl.h \
	delivery/secret.c delivery/secret.h \
	delivery/serve.c \
	delivery/session.c delivery/session.h \
	delivery/settle.c \
	delivery/tls.c delivery/tls.h \
	delivery/tls_seen.c delivery/tls_seen.h \
	delivery/tls_trial.c delivery/tls_trial.h \
	delivery/transaction.c delivery/transaction.h \
	delivery/transaction_priv.h \
	delivery/trust.c delivery/trust.h \
	delivery/wire.c delivery/wire.h
libdelivery_a_CFLAGS = $(AM_CFLAGS) $(SSL_CFLAGS) $(IDN2_CFLAGS)

delivery_deliver_SOURCES = delivery/deliver_main.c
delivery_deliver_LDADD = $(DELIVERY_LDADD)

# What its tests link, too.
DELIVERY_LDADD = libdelivery.a libmail.a libtls.a libcommon.a $(LIBBSD_LIBS) \
	$(SSL_LIBS) $(CRYPTO_LIBS) $(IDN2_LIBS) $(SECCOMP_LIBS)

noinst_LIBRARIES += libtoken.a
pkglibexec_PROGRAMS += delivery/token

libtoken_a_SOURCES = \
	delivery/base64url.c delivery/base64url.h \
	delivery/form.c delivery/form.h \
	delivery/http_date.c delivery/http_date.h \
	delivery/token_answer.c delivery/token_answer.h \
	delivery/token_claims.c delivery/token_claims.h \
	delivery/token_device.c \
	delivery/token_dial.c delivery/token_dial.h \
	delivery/token_grant.c \
	delivery/token_http.c delivery/token_http.h \
	delivery/token_key.c delivery/token_key.h \
	delivery/token_prepare.c \
	delivery/token_run.c delivery/token_run.h \
	delivery/token_secrets.c delivery/token_secrets.h \
	delivery/token_store.c delivery/token_store.h \
	delivery/token_text.c delivery/token_text.h \
	delivery/token_trouble.c delivery/token_trouble.h
libtoken_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(CURL_CFLAGS) \
	$(JANSSON_CFLAGS)

delivery_token_SOURCES = delivery/token_main.c
delivery_token_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
delivery_token_LDADD = $(TOKEN_LDADD)

# What its tests link, too.  Of libdelivery.a it takes what deliver shares.
TOKEN_LDADD = libtoken.a libdelivery.a libmail.a libcommon.a $(LIBBSD_LIBS) \
	$(CURL_LIBS) $(CRYPTO_LIBS) $(JANSSON_LIBS) $(SECCOMP_LIBS)
