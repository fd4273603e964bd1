# unit tests of mail/
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/addr tests/unit/alias tests/unit/alias_expand tests/unit/alias_list \
	tests/unit/base64 tests/unit/canon tests/unit/chars tests/unit/complete tests/unit/compose \
	tests/unit/date tests/unit/greeting \
	tests/unit/digest tests/unit/dotline tests/unit/dsn tests/unit/dsn_value tests/unit/fold \
	tests/unit/header tests/unit/label tests/unit/lex tests/unit/look \
	tests/unit/mailboxes tests/unit/mime tests/unit/msgid tests/unit/params \
	tests/unit/phase tests/unit/phrase tests/unit/plan tests/unit/prose tests/unit/qp \
	tests/unit/reencode tests/unit/reply tests/unit/rewrite tests/unit/stamp tests/unit/status \
	tests/unit/suffix tests/unit/targets tests/unit/tidy \
	tests/unit/tidy_addr tests/unit/tidy_text tests/unit/verdict \
	tests/unit/token_error \
	tests/unit/token_error_rows tests/unit/verdict_name \
	tests/unit/verdict_rows tests/unit/words

mail_test_libs = libmail.a libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_addr_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_addr_LDADD = $(mail_test_libs)
tests_unit_alias_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_alias_LDADD = $(mail_test_libs)
tests_unit_targets_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_targets_LDADD = $(mail_test_libs)
tests_unit_alias_expand_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_alias_expand_LDADD = $(mail_test_libs)
tests_unit_alias_list_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_alias_list_LDADD = $(mail_test_libs)
tests_unit_canon_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_canon_LDADD = $(mail_test_libs)
tests_unit_chars_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_chars_LDADD = $(mail_test_libs)
tests_unit_compose_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_compose_LDADD = $(mail_test_libs)
tests_unit_complete_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_complete_LDADD = $(mail_test_libs)
tests_unit_dsn_value_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_dsn_value_LDADD = $(mail_test_libs)
tests_unit_date_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_date_LDADD = $(mail_test_libs)
tests_unit_greeting_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_greeting_LDADD = $(mail_test_libs)
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
tests_unit_stamp_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_stamp_LDADD = $(mail_test_libs)
tests_unit_status_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_status_LDADD = $(mail_test_libs)
tests_unit_words_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_words_LDADD = $(mail_test_libs)
tests_unit_base64_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_base64_LDADD = $(mail_test_libs)
tests_unit_fold_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_fold_LDADD = $(mail_test_libs)
tests_unit_label_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_label_LDADD = $(mail_test_libs)
tests_unit_look_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_look_LDADD = $(mail_test_libs)
tests_unit_mime_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_mime_LDADD = $(mail_test_libs)
tests_unit_params_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_params_LDADD = $(mail_test_libs)
tests_unit_plan_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_plan_LDADD = $(mail_test_libs)
tests_unit_reencode_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_reencode_LDADD = $(mail_test_libs)
tests_unit_tidy_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_tidy_LDADD = $(mail_test_libs)
tests_unit_tidy_addr_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_tidy_addr_LDADD = $(mail_test_libs)
tests_unit_tidy_text_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_tidy_text_LDADD = $(mail_test_libs)
tests_unit_phase_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_phase_LDADD = $(mail_test_libs)
tests_unit_reply_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_reply_LDADD = $(mail_test_libs)
tests_unit_suffix_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_suffix_LDADD = $(mail_test_libs)
tests_unit_verdict_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_verdict_LDADD = $(mail_test_libs)
tests_unit_verdict_name_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_verdict_name_LDADD = $(mail_test_libs)
tests_unit_token_error_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_token_error_LDADD = $(mail_test_libs)
tests_unit_token_error_rows_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_token_error_rows_LDADD = $(mail_test_libs)
tests_unit_verdict_rows_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_verdict_rows_LDADD = $(mail_test_libs)

# Compiled once more, so that their work is counted; work.c itself is not.
if HAVE_TRACE_PC
check_PROGRAMS += tests/unit/linear tests/unit/linear_out
check_LIBRARIES += tests/unit/libwork.a
tests_unit_libwork_a_SOURCES = tests/unit/shape.c tests/unit/shape.h \
	tests/unit/work.c tests/unit/work.h
counted_flags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -fsanitize-coverage=trace-pc \
	-include $(srcdir)/tests/unit/work.h
counted_sources = common/buf.c common/envelope.c common/strlist.c \
	common/utf8.c common/xalloc.c mail/addr.c mail/canon.c mail/chars.c \
	mail/fold.c mail/header.c mail/lex.c mail/mailboxes.c mail/phrase.c \
	mail/words.c
tests_unit_linear_SOURCES = tests/unit/linear.c $(counted_sources) \
	mail/complete.c mail/compose.c mail/recipients.c
tests_unit_linear_CFLAGS = $(counted_flags)
tests_unit_linear_LDADD = tests/unit/libwork.a $(mail_test_libs)
tests_unit_linear_out_SOURCES = tests/unit/linear_out.c $(counted_sources) \
	mail/base64.c mail/label.c mail/look.c mail/mime.c mail/params.c \
	mail/plan.c mail/prose.c mail/qp.c mail/reencode.c mail/rewrite.c \
	mail/tidy.c mail/tidy_addr.c mail/tidy_text.c
tests_unit_linear_out_CFLAGS = $(counted_flags)
tests_unit_linear_out_LDADD = tests/unit/libwork.a $(mail_test_libs)
endif
endif
