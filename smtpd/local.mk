# SMTP for clients.  All but main is in a library, for the tests.
noinst_LIBRARIES += libsmtpd.a
pkglibexec_PROGRAMS += smtpd/smtpd

libsmtpd_a_SOURCES = \
	smtpd/command.c smtpd/command.h \
	smtpd/conn.c smtpd/conn.h \
	smtpd/data.c smtpd/data.h \
	smtpd/listener.c smtpd/listener.h \
	smtpd/message.c smtpd/message.h \
	smtpd/params.c smtpd/params.h \
	smtpd/pipe.c smtpd/pipe.h \
	smtpd/reply.c smtpd/reply.h \
	smtpd/serve.c smtpd/serve.h \
	smtpd/service.c smtpd/service.h \
	smtpd/session.c smtpd/session.h \
	smtpd/text.c smtpd/text.h

# Started for each message that some mail readers send, as sendmail is.
smtpd_smtpd_SOURCES = smtpd/main.c
smtpd_smtpd_LDADD = libsmtpd.a libmail.a libcommon.a $(STATIC_LIBBSD_LIBS) \
	$(SECCOMP_LIBS)
