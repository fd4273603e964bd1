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
