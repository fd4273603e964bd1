noinst_LIBRARIES += libsendmail.a

libsendmail_a_SOURCES = \
	sendmail/aliases.c sendmail/aliases.h \
	sendmail/args.c sendmail/args.h \
	sendmail/ask.c sendmail/ask.h \
	sendmail/complete.c sendmail/complete.h \
	sendmail/compose.c sendmail/compose.h \
	sendmail/drop.c sendmail/drop.h \
	sendmail/dsn_value.c sendmail/dsn_value.h \
	sendmail/handover.c sendmail/handover.h \
	sendmail/identity.c sendmail/identity.h \
	sendmail/input.c sendmail/input.h \
	sendmail/mailq.c sendmail/mailq.h \
	sendmail/notice.c sendmail/notice.h \
	sendmail/parcel.c sendmail/parcel.h \
	sendmail/process.c sendmail/process.h \
	sendmail/recipients.c sendmail/recipients.h \
	sendmail/report.c sendmail/report.h \
	sendmail/send.c sendmail/send.h \
	sendmail/sender.c sendmail/sender.h \
	sendmail/site.c sendmail/site.h \
	sendmail/source.h \
	sendmail/start.c sendmail/start.h \
	sendmail/sysexit.c sendmail/sysexit.h \
	sendmail/submit.c sendmail/submit.h \
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
