if HAVE_CMOCKA
check_PROGRAMS += tests/unit/buf tests/unit/frame tests/unit/proto_submit

tests_unit_buf_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_buf_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_frame_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_frame_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_proto_submit_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_submit_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/proto_job
tests_unit_proto_job_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_job_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
endif
