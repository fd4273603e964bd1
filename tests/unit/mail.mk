# unit tests of mail/
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/addr tests/unit/alias tests/unit/alias_expand tests/unit/alias_list \
	tests/unit/base64 tests/unit/canon tests/unit/chars tests/unit/date \
	tests/unit/digest tests/unit/dotline tests/unit/dsn \
	tests/unit/header tests/unit/lex tests/unit/look \
	tests/unit/mailboxes tests/unit/msgid \
	tests/unit/phrase tests/unit/prose tests/unit/qp \
	tests/unit/rewrite tests/unit/status \
	tests/unit/words

mail_test_libs = libmail.a libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_addr_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_addr_LDADD = $(mail_test_libs)
tests_unit_alias_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_alias_LDADD = $(mail_test_libs)
tests_unit_alias_expand_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_alias_expand_LDADD = $(mail_test_libs)
tests_unit_alias_list_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_alias_list_LDADD = $(mail_test_libs)
tests_unit_canon_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_canon_LDADD = $(mail_test_libs)
tests_unit_chars_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_chars_LDADD = $(mail_test_libs)
tests_unit_date_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_date_LDADD = $(mail_test_libs)
tests_unit_digest_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_digest_LDADD = $(mail_test_libs)
tests_unit_dotline_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_dotline_LDADD = $(mail_test_libs)
tests_unit_dsn_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_dsn_LDADD = $(mail_test_libs)
tests_unit_header_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_header_LDADD = $(mail_test_libs)
tests_unit_lex_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_lex_LDADD = $(mail_test_libs)
tests_unit_mailboxes_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_mailboxes_LDADD = $(mail_test_libs)
tests_unit_msgid_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_msgid_LDADD = $(mail_test_libs)
tests_unit_phrase_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_phrase_LDADD = $(mail_test_libs)
tests_unit_prose_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_prose_LDADD = $(mail_test_libs)
tests_unit_qp_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_qp_LDADD = $(mail_test_libs)
tests_unit_rewrite_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_rewrite_LDADD = $(mail_test_libs)
tests_unit_status_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_status_LDADD = $(mail_test_libs)
tests_unit_words_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_words_LDADD = $(mail_test_libs)
tests_unit_base64_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base64_LDADD = $(mail_test_libs)
tests_unit_look_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_look_LDADD = $(mail_test_libs)
endif
