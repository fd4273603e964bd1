# Fuzz targets.  To add one for parser x, two lines here and a folder:
#
#	FUZZ_TARGETS += tests/fuzz/x
#	tests_fuzz_x_LDADD = $(FUZZ_ENGINE) libmail.a libcommon.a $(LIBBSD_LIBS)
#
# tests/fuzz/x.c defines LLVMFuzzerTestOneInput, and tests/fuzz/corpus/x/ holds
# at least one input; names of inputs say what they are for.
#
# "make check" builds each target with replay.c, by any compiler, and replays
# its corpus.  Configured with --enable-fuzzing (clang), everything is built
# with coverage and sanitizers, "make fuzz-targets" builds the same sources with
# libFuzzer, and "make check" leaves them out.  "./dev fuzz x 60" does all this.

FUZZ_TARGETS =

FUZZ_TARGETS += tests/fuzz/frame
tests_fuzz_frame_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)
FUZZ_TARGETS += tests/fuzz/args
tests_fuzz_args_LDADD = $(FUZZ_ENGINE) libsendmail.a libmail.a libcommon.a \
	$(LIBBSD_LIBS)
FUZZ_TARGETS += tests/fuzz/submit
tests_fuzz_submit_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)

FUZZ_TARGETS += tests/fuzz/proto_listen tests/fuzz/proto_origin
tests_fuzz_proto_listen_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)
tests_fuzz_proto_origin_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)
FUZZ_TARGETS += tests/fuzz/proto_words tests/fuzz/proto_pair
tests_fuzz_proto_pair_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)
tests_fuzz_proto_words_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)
FUZZ_TARGETS += tests/fuzz/proto_authors tests/fuzz/proto_trouble
tests_fuzz_proto_authors_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)
tests_fuzz_proto_trouble_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)
FUZZ_TARGETS += tests/fuzz/network tests/fuzz/proto_check tests/fuzz/users
tests_fuzz_proto_check_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)
tests_fuzz_users_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)
tests_fuzz_network_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)

FUZZ_TARGETS += tests/fuzz/proto_job
tests_fuzz_proto_job_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)

FUZZ_TARGETS += tests/fuzz/proto_token tests/fuzz/url
tests_fuzz_proto_token_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)
tests_fuzz_url_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)

# targets of token
FUZZ_TARGETS += tests/fuzz/base64url tests/fuzz/http_date \
	tests/fuzz/token_answer tests/fuzz/token_claims
token_fuzz_libs = $(FUZZ_ENGINE) $(TOKEN_LDADD)
tests_fuzz_base64url_LDADD = $(token_fuzz_libs)
tests_fuzz_http_date_LDADD = $(token_fuzz_libs)
tests_fuzz_token_answer_LDADD = $(token_fuzz_libs)
tests_fuzz_token_claims_LDADD = $(token_fuzz_libs)

# targets of mail/
FUZZ_TARGETS += tests/fuzz/addr tests/fuzz/alias tests/fuzz/base64 tests/fuzz/compose \
	tests/fuzz/digest tests/fuzz/dotline tests/fuzz/dsn tests/fuzz/greeting \
	tests/fuzz/header tests/fuzz/mime \
	tests/fuzz/reencode tests/fuzz/reply tests/fuzz/rewrite tests/fuzz/status \
	tests/fuzz/tidy tests/fuzz/verdict
mail_fuzz_libs = $(FUZZ_ENGINE) libmail.a libcommon.a $(LIBBSD_LIBS)
tests_fuzz_addr_LDADD = $(mail_fuzz_libs)
tests_fuzz_alias_LDADD = $(mail_fuzz_libs)
tests_fuzz_base64_LDADD = $(mail_fuzz_libs)
tests_fuzz_compose_LDADD = $(mail_fuzz_libs)
tests_fuzz_digest_LDADD = $(mail_fuzz_libs)
tests_fuzz_dotline_LDADD = $(mail_fuzz_libs)
tests_fuzz_dsn_LDADD = $(mail_fuzz_libs)
tests_fuzz_greeting_LDADD = $(mail_fuzz_libs)
tests_fuzz_header_LDADD = $(mail_fuzz_libs)
tests_fuzz_mime_LDADD = $(mail_fuzz_libs)
tests_fuzz_reencode_LDADD = $(mail_fuzz_libs)
tests_fuzz_reply_LDADD = $(mail_fuzz_libs)
tests_fuzz_rewrite_LDADD = $(mail_fuzz_libs)
tests_fuzz_status_LDADD = $(mail_fuzz_libs)
tests_fuzz_tidy_LDADD = $(mail_fuzz_libs)
tests_fuzz_verdict_LDADD = $(mail_fuzz_libs)

FUZZ_TARGETS += tests/fuzz/queue_id
tests_fuzz_queue_id_LDADD = $(FUZZ_ENGINE) libqueue.a $(LIBBSD_LIBS)
FUZZ_TARGETS += tests/fuzz/dropfile tests/fuzz/incoming
queue_fuzz_libs = $(FUZZ_ENGINE) libqueue.a libmail.a libcommon.a \
	$(EVENT_LIBS) $(SQLITE_LIBS) $(ZLIB_LIBS) $(LIBBSD_LIBS)
tests_fuzz_dropfile_LDADD = $(queue_fuzz_libs)
tests_fuzz_incoming_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
tests_fuzz_incoming_LDADD = $(queue_fuzz_libs)
FUZZ_TARGETS += tests/fuzz/conf tests/fuzz/proto_ctl
FUZZ_TARGETS += tests/fuzz/conf_edit
tests_fuzz_conf_edit_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)
tests_fuzz_conf_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)
tests_fuzz_proto_ctl_LDADD = $(FUZZ_ENGINE) libcommon.a $(LIBBSD_LIBS)

FUZZ_TARGETS += tests/fuzz/ehlo
tests_fuzz_ehlo_LDADD = $(FUZZ_ENGINE) $(DELIVERY_LDADD)
FUZZ_TARGETS += tests/fuzz/resolve
tests_fuzz_resolve_LDADD = $(FUZZ_ENGINE) $(DELIVERY_LDADD)

FUZZ_TARGETS += tests/fuzz/auth tests/fuzz/command tests/fuzz/data tests/fuzz/serve
smtpd_fuzz_libs = $(FUZZ_ENGINE) libsmtpd.a libmail.a libcommon.a $(LIBBSD_LIBS)
tests_fuzz_auth_LDADD = $(smtpd_fuzz_libs)
tests_fuzz_command_LDADD = $(smtpd_fuzz_libs)
tests_fuzz_data_LDADD = $(smtpd_fuzz_libs)
tests_fuzz_serve_LDADD = $(smtpd_fuzz_libs)

if FUZZING
FUZZ_ENGINE = $(FUZZ_LIBS)
EXTRA_PROGRAMS += $(FUZZ_TARGETS)
else
FUZZ_ENGINE = tests/fuzz/libreplay.a
check_PROGRAMS += $(FUZZ_TARGETS)
check_LIBRARIES += tests/fuzz/libreplay.a
endif

tests_fuzz_libreplay_a_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz.h

EXTRA_DIST += tests/fuzz/corpus

.PHONY: fuzz-targets
fuzz-targets: $(FUZZ_TARGETS)
