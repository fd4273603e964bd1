noinst_LIBRARIES += libsendmail.a

libsendmail_a_SOURCES = \
	sendmail/aliases.c sendmail/aliases.h \
	sendmail/args.c sendmail/args.h \
	sendmail/ask.c sendmail/ask.h \
	sendmail/input.c sendmail/input.h \
	sendmail/mailq.c sendmail/mailq.h \
	sendmail/notice.c sendmail/notice.h \
	sendmail/process.c sendmail/process.h \
	sendmail/report.c sendmail/report.h \
	sendmail/send.c sendmail/send.h \
	sendmail/smtp.c sendmail/smtp.h \
	sendmail/start.c sendmail/start.h \
	sendmail/verify.c sendmail/verify.h

sbin_PROGRAMS += sendmail/sendmail

sendmail_sendmail_SOURCES = sendmail/main.c
sendmail_sendmail_LDADD = libsendmail.a libmail.a libcommon.a \
	$(STATIC_LIBBSD_LIBS)

# The program's other names.
install-exec-hook:
	$(MKDIR_P) '$(DESTDIR)$(bindir)'
	for name in mailq newaliases; do \
		$(LN_S) -f '$(sbindir)/sendmail' \
		    '$(DESTDIR)$(bindir)/'"$$name" || exit 1; \
	done

uninstall-hook:
	for name in mailq newaliases; do \
		rm -f '$(DESTDIR)$(bindir)/'"$$name"; \
	done
