# unit tests of sendmail/
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/args tests/unit/submit

sendmail_test_libs = libsendmail.a libmail.a libcommon.a $(LIBBSD_LIBS) \
	$(CMOCKA_LIBS)
tests_unit_args_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_args_LDADD = $(sendmail_test_libs)
tests_unit_submit_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_submit_LDADD = $(sendmail_test_libs)
endif
