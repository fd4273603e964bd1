# unit tests of mail/
if HAVE_CMOCKA
mail_tests = tests/unit/addr tests/unit/header tests/unit/mailboxes \
	tests/unit/words
check_PROGRAMS += $(mail_tests)

mail_test_libs = libmail.a libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_addr_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_addr_LDADD = $(mail_test_libs)
tests_unit_header_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_header_LDADD = $(mail_test_libs)
tests_unit_mailboxes_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_mailboxes_LDADD = $(mail_test_libs)
tests_unit_words_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_words_LDADD = $(mail_test_libs)
endif
