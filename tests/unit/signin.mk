# Access tokens, and what ends when.
if HAVE_CMOCKA
token_rig = tests/unit/token_rig.c tests/unit/token_rig.h \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h

check_PROGRAMS += tests/unit/calendar tests/unit/control_why_token \
	tests/unit/expiry tests/unit/lane_token tests/unit/lane_token_trouble \
	tests/unit/signin tests/unit/token_errand
tests_unit_calendar_SOURCES = tests/unit/calendar.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_control_why_token_SOURCES = tests/unit/control_why_token.c \
	$(token_rig)
tests_unit_expiry_SOURCES = tests/unit/expiry.c
tests_unit_lane_token_SOURCES = tests/unit/lane_token.c $(token_rig)
tests_unit_lane_token_trouble_SOURCES = tests/unit/lane_token_trouble.c \
	$(token_rig)
tests_unit_signin_SOURCES = tests/unit/signin.c
tests_unit_token_errand_SOURCES = tests/unit/token_errand.c \
	tests/unit/dispatch_rig.c tests/unit/dispatch_rig.h
tests_unit_calendar_CFLAGS = $(queue_test_cflags)
tests_unit_calendar_LDADD = $(queue_test_libs)
tests_unit_control_why_token_CFLAGS = $(queue_test_cflags)
tests_unit_control_why_token_LDADD = $(queue_test_libs)
tests_unit_expiry_CFLAGS = $(queue_test_cflags)
tests_unit_expiry_LDADD = $(queue_test_libs)
tests_unit_lane_token_CFLAGS = $(queue_test_cflags)
tests_unit_lane_token_LDADD = $(queue_test_libs)
tests_unit_lane_token_trouble_CFLAGS = $(queue_test_cflags)
tests_unit_lane_token_trouble_LDADD = $(queue_test_libs)
tests_unit_signin_CFLAGS = $(queue_test_cflags)
tests_unit_signin_LDADD = $(queue_test_libs)
tests_unit_token_errand_CFLAGS = $(queue_test_cflags)
tests_unit_token_errand_LDADD = $(queue_test_libs)
endif
