# unit tests of mail/
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/addr tests/unit/chars tests/unit/header \
	tests/unit/lex tests/unit/mailboxes tests/unit/phrase \
	tests/unit/words

mail_test_libs = libmail.a libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_addr_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_addr_LDADD = $(mail_test_libs)
tests_unit_chars_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_chars_LDADD = $(mail_test_libs)
tests_unit_header_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_header_LDADD = $(mail_test_libs)
tests_unit_lex_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_lex_LDADD = $(mail_test_libs)
tests_unit_mailboxes_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_mailboxes_LDADD = $(mail_test_libs)
tests_unit_phrase_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_phrase_LDADD = $(mail_test_libs)
tests_unit_words_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_words_LDADD = $(mail_test_libs)
endif
