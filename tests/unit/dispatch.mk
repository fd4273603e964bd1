# Unit tests of what delivers: accounts, their lanes, all of them.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/dispatch tests/unit/dispatch_cost \
	tests/unit/dispatch_many tests/unit/lane_check tests/unit/lane_claim \
	tests/unit/lane_crowd tests/unit/lane_denied tests/unit/lane_disk \
	tests/unit/lane_failed tests/unit/lane_legacy tests/unit/lane_mailbox \
	tests/unit/lane_merge tests/unit/lane_next tests/unit/lane_share \
	tests/unit/lane_try tests/unit/lane_worker
tests_unit_dispatch_SOURCES = tests/unit/dispatch.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_dispatch_CFLAGS = $(queue_test_cflags)
tests_unit_dispatch_LDADD = $(queue_test_libs)
tests_unit_dispatch_cost_SOURCES = tests/unit/dispatch_cost.c $(virtual) \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_dispatch_cost_CFLAGS = $(queue_test_cflags)
tests_unit_dispatch_cost_LDADD = $(queue_test_libs)
tests_unit_dispatch_cost_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sqlite3_step
tests_unit_lane_failed_SOURCES = tests/unit/lane_failed.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_lane_failed_CFLAGS = $(queue_test_cflags)
tests_unit_lane_failed_LDADD = $(queue_test_libs)
tests_unit_lane_disk_SOURCES = tests/unit/lane_disk.c $(virtual) \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_lane_disk_CFLAGS = $(queue_test_cflags)
tests_unit_lane_disk_LDADD = $(queue_test_libs)
tests_unit_lane_legacy_SOURCES = tests/unit/lane_legacy.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_lane_legacy_CFLAGS = $(queue_test_cflags)
tests_unit_lane_legacy_LDADD = $(queue_test_libs)
tests_unit_lane_merge_SOURCES = tests/unit/lane_merge.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_lane_merge_CFLAGS = $(queue_test_cflags)
tests_unit_lane_merge_LDADD = $(queue_test_libs)
tests_unit_lane_try_SOURCES = tests/unit/lane_try.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_lane_try_CFLAGS = $(queue_test_cflags)
tests_unit_lane_try_LDADD = $(queue_test_libs)
tests_unit_lane_claim_SOURCES = tests/unit/lane_claim.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_lane_claim_CFLAGS = $(queue_test_cflags)
tests_unit_lane_claim_LDADD = $(queue_test_libs)
tests_unit_lane_crowd_SOURCES = tests/unit/lane_crowd.c $(virtual) \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_lane_crowd_CFLAGS = $(queue_test_cflags)
tests_unit_lane_crowd_LDADD = $(queue_test_libs)
tests_unit_lane_next_SOURCES = tests/unit/lane_next.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_lane_next_CFLAGS = $(queue_test_cflags)
tests_unit_lane_next_LDADD = $(queue_test_libs)
tests_unit_lane_share_SOURCES = tests/unit/lane_share.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_lane_share_CFLAGS = $(queue_test_cflags)
tests_unit_lane_share_LDADD = $(queue_test_libs)
tests_unit_lane_denied_SOURCES = tests/unit/lane_denied.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_lane_denied_CFLAGS = $(queue_test_cflags)
tests_unit_lane_denied_LDADD = $(queue_test_libs)
tests_unit_lane_mailbox_SOURCES = tests/unit/lane_mailbox.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_lane_mailbox_CFLAGS = $(queue_test_cflags)
tests_unit_lane_mailbox_LDADD = $(queue_test_libs)
tests_unit_lane_check_SOURCES = tests/unit/lane_check.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_lane_check_CFLAGS = $(queue_test_cflags)
tests_unit_lane_check_LDADD = $(queue_test_libs)
tests_unit_lane_worker_SOURCES = tests/unit/lane_worker.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_lane_worker_CFLAGS = $(queue_test_cflags)
tests_unit_lane_worker_LDADD = $(queue_test_libs)
tests_unit_dispatch_many_SOURCES = tests/unit/dispatch_many.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_dispatch_many_CFLAGS = $(queue_test_cflags)
tests_unit_dispatch_many_LDADD = $(queue_test_libs)
endif
