# unit tests of admin/
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/admin_args tests/unit/admin_check \
	tests/unit/admin_check_listen tests/unit/admin_check_server \
	tests/unit/admin_exposition tests/unit/admin_groups tests/unit/admin_json \
	tests/unit/admin_listener \
	tests/unit/admin_metrics tests/unit/admin_outfile tests/unit/admin_report \
	tests/unit/admin_setup tests/unit/admin_text
admin_test_libs = libadmin.a libmail.a libcommon.a $(LIBBSD_LIBS) $(JANSSON_LIBS) \
	$(CRYPT_LIBS) \
	$(CMOCKA_LIBS)
tests_unit_admin_args_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_admin_args_LDADD = $(admin_test_libs)
tests_unit_admin_check_listen_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_admin_check_listen_LDADD = $(admin_test_libs)
tests_unit_admin_check_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_admin_check_LDADD = $(admin_test_libs)
tests_unit_admin_exposition_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_admin_exposition_LDADD = $(admin_test_libs)
tests_unit_admin_listener_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_admin_listener_LDADD = $(admin_test_libs)
tests_unit_admin_metrics_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_admin_metrics_LDADD = $(admin_test_libs)
tests_unit_admin_outfile_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_admin_outfile_LDADD = $(admin_test_libs)
tests_unit_admin_check_server_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_admin_check_server_LDADD = $(admin_test_libs)
tests_unit_admin_groups_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_admin_groups_LDADD = $(admin_test_libs)
tests_unit_admin_json_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_admin_json_LDADD = $(admin_test_libs)
tests_unit_admin_report_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_admin_report_LDADD = $(admin_test_libs)
tests_unit_admin_text_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_admin_text_LDADD = $(admin_test_libs)
tests_unit_admin_setup_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_admin_setup_LDADD = $(admin_test_libs)
check_PROGRAMS += tests/unit/admin_passwd
tests_unit_admin_passwd_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_admin_passwd_LDADD = $(admin_test_libs)
endif
