# unit tests of smtpd/
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/smtpd_command tests/unit/smtpd_conn \
	tests/unit/smtpd_data tests/unit/smtpd_deaf tests/unit/smtpd_message \
	tests/unit/smtpd_params tests/unit/smtpd_await tests/unit/smtpd_channel \
	tests/unit/smtpd_pipe tests/unit/smtpd_reply tests/unit/smtpd_session \
	tests/unit/smtpd_serve tests/unit/smtpd_text tests/unit/smtpd_tls \
	tests/unit/smtpd_tls_rules \
	tests/unit/smtpd_listener tests/unit/smtpd_patience \
	tests/unit/smtpd_service tests/unit/smtpd_dialogue \
	tests/unit/smtpd_fork_server tests/unit/smtpd_link \
	tests/unit/smtpd_report
smtpd_test_libs = libsmtpd.a libmail.a libtls.a libcommon.a $(LIBBSD_LIBS) \
	$(SSL_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
smtpd_stage = tests/smtp/stage.c tests/smtp/stage.h
tests_unit_smtpd_listener_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_listener_LDADD = $(smtpd_test_libs) $(SECCOMP_LIBS)
tests_unit_smtpd_link_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_link_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_fork_server_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) \
	$(SSL_CFLAGS)
tests_unit_smtpd_fork_server_LDADD = $(smtpd_test_libs) $(SECCOMP_LIBS)
tests_unit_smtpd_patience_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_patience_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_service_SOURCES = tests/unit/smtpd_service.c $(smtpd_stage)
tests_unit_smtpd_service_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_service_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_dialogue_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_dialogue_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_report_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_report_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_command_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_command_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_conn_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_conn_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_data_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_data_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_deaf_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_deaf_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_await_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_await_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_channel_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_channel_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_message_SOURCES = tests/unit/smtpd_message.c $(smtpd_stage)
tests_unit_smtpd_message_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_message_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_params_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_params_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_pipe_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_pipe_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_reply_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_reply_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_session_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_session_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_serve_SOURCES = tests/unit/smtpd_serve.c $(smtpd_stage)
tests_unit_smtpd_serve_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_serve_LDADD = $(smtpd_test_libs)
check_PROGRAMS += tests/unit/smtpd_knock
tests_unit_smtpd_knock_SOURCES = tests/unit/smtpd_knock.c $(smtpd_stage)
tests_unit_smtpd_knock_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_knock_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_text_SOURCES = tests/unit/smtpd_text.c $(smtpd_stage)
tests_unit_smtpd_text_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_text_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_tls_SOURCES = tests/unit/smtpd_tls.c \
	tests/unit/tlsmeet.c tests/unit/tlsmeet.h \
	tests/unit/tlspair.c tests/unit/tlspair.h
tests_unit_smtpd_tls_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SSL_CFLAGS)
tests_unit_smtpd_tls_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_tls_rules_SOURCES = tests/unit/smtpd_tls_rules.c \
	tests/unit/tlspair.c tests/unit/tlspair.h
tests_unit_smtpd_tls_rules_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SSL_CFLAGS)
tests_unit_smtpd_tls_rules_LDADD = $(smtpd_test_libs)
check_PROGRAMS += tests/unit/smtpd_auth tests/unit/smtpd_serve_auth \
	tests/unit/smtpd_session_auth
tests_unit_smtpd_serve_auth_SOURCES = tests/unit/smtpd_serve_auth.c \
	$(smtpd_stage)
tests_unit_smtpd_serve_auth_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_serve_auth_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_auth_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_auth_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_session_auth_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_session_auth_LDADD = $(smtpd_test_libs)
endif
