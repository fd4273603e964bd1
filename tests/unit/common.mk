if HAVE_CMOCKA
check_PROGRAMS += tests/unit/buf tests/unit/clock tests/unit/err \
	tests/unit/frame tests/unit/log tests/unit/strlist tests/unit/proto_submit

tests_unit_buf_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_buf_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_frame_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_frame_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_proto_submit_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_submit_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/proto_job
tests_unit_proto_job_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_job_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_clock_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_clock_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_err_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_err_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_log_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_log_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_strlist_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_strlist_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/fdpass tests/unit/priv

tests_unit_fdpass_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_fdpass_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_priv_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_priv_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)

if SANDBOX_LINUX
check_PROGRAMS += tests/unit/sandbox
tests_unit_sandbox_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_sandbox_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS) \
	$(SECCOMP_LIBS) $(SQLITE_LIBS)
endif
endif
