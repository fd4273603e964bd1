# SMTP for clients.  All but main is in a library, for the tests.
noinst_LIBRARIES += libsmtpd.a
pkglibexec_PROGRAMS += smtpd/smtpd

libsmtpd_a_SOURCES = \
	smtpd/auth.c smtpd/auth.h \
	smtpd/await.c smtpd/await.h \
	smtpd/channel.c smtpd/channel.h \
	smtpd/checker.c smtpd/checker.h \
	smtpd/command.c smtpd/command.h \
	smtpd/conn.c smtpd/conn.h \
	smtpd/data.c smtpd/data.h \
	smtpd/dialogue.c smtpd/dialogue.h \
	smtpd/fork_server.c smtpd/fork_server.h \
	smtpd/judge.c smtpd/judge.h \
	smtpd/link.c smtpd/link.h \
	smtpd/listener.c smtpd/listener.h \
	smtpd/message.c smtpd/message.h \
	smtpd/params.c smtpd/params.h \
	smtpd/patience.c smtpd/patience.h \
	smtpd/pipe.c smtpd/pipe.h \
	smtpd/reply.c smtpd/reply.h \
	smtpd/report.c smtpd/report.h \
	smtpd/secure.c smtpd/secure.h \
	smtpd/serve.c smtpd/serve.h \
	smtpd/service.c smtpd/service.h \
	smtpd/session.c smtpd/session.h \
	smtpd/session_auth.c smtpd/session_auth.h \
	smtpd/session_text.c smtpd/session_text.h \
	smtpd/setup.c smtpd/setup.h \
	smtpd/sibling.h \
	smtpd/sign_in.c smtpd/sign_in.h \
	smtpd/text.c smtpd/text.h \
	smtpd/tls.c smtpd/tls.h \
	smtpd/tls_rules.c smtpd/tls_rules.h
if FORK_SERVERS
libsmtpd_a_SOURCES += smtpd/sibling_linux.c
else
libsmtpd_a_SOURCES += smtpd/sibling_none.c
endif
libsmtpd_a_CFLAGS = $(AM_CFLAGS) $(SSL_CFLAGS)

# Started for each message that some mail readers send, as sendmail is.
smtpd_smtpd_SOURCES = smtpd/main.c
smtpd_smtpd_LDADD = libsmtpd.a libmail.a libtls.a libcommon.a \
	$(STATIC_LIBBSD_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS) $(CRYPT_LIBS) \
	$(SECCOMP_LIBS)
