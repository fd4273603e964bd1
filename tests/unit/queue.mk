if HAVE_CMOCKA
check_LIBRARIES += tests/unit/libqueuetest.a
check_PROGRAMS += tests/unit/queue_id tests/unit/schedule \
	tests/unit/state tests/unit/store

queue_test_libs = libqueue.a libcommon.a $(SQLITE_LIBS) $(ZLIB_LIBS) \
	$(LIBBSD_LIBS) $(CMOCKA_LIBS)

tests_unit_libqueuetest_a_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_libqueuetest_a_SOURCES = \
	tests/unit/queue_fixture.c tests/unit/queue_fixture.h

tests_unit_queue_id_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_queue_id_LDADD = $(queue_test_libs)
tests_unit_schedule_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_schedule_LDADD = $(queue_test_libs)
tests_unit_state_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_state_LDADD = tests/unit/libqueuetest.a $(queue_test_libs)
tests_unit_store_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_store_LDADD = tests/unit/libqueuetest.a $(queue_test_libs)
endif
