# The administrator's command.  All but main is in a library, for the tests.
noinst_LIBRARIES += libadmin.a
bin_PROGRAMS += admin/mailchute

libadmin_a_SOURCES = \
	admin/act.c \
	admin/args.c admin/args.h \
	admin/ask.c \
	admin/check.c admin/check.h \
	admin/check_cert.c \
	admin/check_clock.c \
	admin/check_daemon.c \
	admin/check_files.c \
	admin/check_listen.c \
	admin/check_mailers.c \
	admin/check_secret.c \
	admin/check_send.c \
	admin/check_server.c \
	admin/check_token.c \
	admin/child.c admin/child.h \
	admin/config.c \
	admin/devices.c \
	admin/dialogue.c admin/dialogue.h \
	admin/explain.c admin/explain.h \
	admin/explain_print.c \
	admin/explain_reply.c \
	admin/explain_token.c admin/explain_token.h \
	admin/exposition.c admin/exposition.h \
	admin/groups.c admin/groups.h \
	admin/json.c admin/json.h \
	admin/metrics.c \
	admin/openssl.c admin/openssl.h \
	admin/outfile.c admin/outfile.h \
	admin/passwd.c admin/passwd.h \
	admin/passwd_ask.c \
	admin/passwd_edit.c \
	admin/passwd_file.c \
	admin/queue.c \
	admin/report.c admin/report.h \
	admin/report_figures.c \
	admin/report_listener.c \
	admin/report_metrics.c \
	admin/report_metrics_listener.c \
	admin/report_token.c \
	admin/run.h \
	admin/setup.c admin/setup.h \
	admin/setup_ask.c \
	admin/setup_cert.c \
	admin/setup_conf.c \
	admin/setup_end.c \
	admin/setup_judge.c \
	admin/setup_lines.c \
	admin/setup_sign_in.c \
	admin/setup_stage.c \
	admin/setup_token.c \
	admin/setup_try.c \
	admin/setup_write.c \
	admin/show.c \
	admin/status.c \
	admin/test.c admin/test.h \
	admin/test_mail.c \
	admin/test_stage.c \
	admin/text.c admin/text.h \
	admin/verb.c
libadmin_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)

admin_mailchute_SOURCES = admin/main.c
admin_mailchute_LDADD = libadmin.a libmail.a libcommon.a $(LIBBSD_LIBS) $(JANSSON_LIBS) \
	$(CRYPT_LIBS)
