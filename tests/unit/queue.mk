if HAVE_CMOCKA
check_LIBRARIES += tests/unit/libqueuetest.a

queue_test_libs = tests/unit/libqueuetest.a libqueue.a libcommon.a \
	$(SQLITE_LIBS) $(ZLIB_LIBS) $(LIBBSD_LIBS) $(CMOCKA_LIBS)
queue_test_cflags = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(CMOCKA_CFLAGS)

tests_unit_libqueuetest_a_CFLAGS = $(queue_test_cflags)
tests_unit_libqueuetest_a_SOURCES = \
	tests/unit/queue_fixture.c tests/unit/queue_fixture.h

check_PROGRAMS += \
	tests/unit/ballast \
	tests/unit/limits \
	tests/unit/lock \
	tests/unit/queue_id \
	tests/unit/schedule \
	tests/unit/state \
	tests/unit/store

tests_unit_ballast_CFLAGS = $(queue_test_cflags)
tests_unit_ballast_LDADD = $(queue_test_libs)
tests_unit_limits_CFLAGS = $(queue_test_cflags)
tests_unit_limits_LDADD = $(queue_test_libs)
tests_unit_lock_CFLAGS = $(queue_test_cflags)
tests_unit_lock_LDADD = $(queue_test_libs)
tests_unit_queue_id_CFLAGS = $(queue_test_cflags)
tests_unit_queue_id_LDADD = $(queue_test_libs)
tests_unit_schedule_CFLAGS = $(queue_test_cflags)
tests_unit_schedule_LDADD = $(queue_test_libs)
tests_unit_state_CFLAGS = $(queue_test_cflags)
tests_unit_state_LDADD = $(queue_test_libs)
tests_unit_store_CFLAGS = $(queue_test_cflags)
tests_unit_store_LDADD = $(queue_test_libs)
endif
