# unit tests of listeners, in queue/
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/door_bind tests/unit/door_pair \
	tests/unit/control_listen tests/unit/door_shut tests/unit/door_trouble \
	tests/unit/doors tests/unit/gate tests/unit/guests \
	tests/unit/intake_greets tests/unit/intake_keeps \
	tests/unit/fork_servers \
	tests/unit/lent tests/unit/origin tests/unit/turned \
	tests/unit/rates \
	tests/unit/window
tests_unit_door_pair_CFLAGS = $(queue_test_cflags)
tests_unit_door_pair_LDADD = $(queue_test_libs) $(SECCOMP_LIBS)
tests_unit_control_listen_SOURCES = tests/unit/control_listen.c \
	tests/unit/control_rig.c tests/unit/control_rig.h
tests_unit_control_listen_CFLAGS = $(queue_test_cflags)
tests_unit_control_listen_LDADD = $(queue_test_libs)
tests_unit_door_shut_CFLAGS = $(queue_test_cflags)
tests_unit_door_shut_LDADD = $(queue_test_libs)
tests_unit_door_trouble_CFLAGS = $(queue_test_cflags)
tests_unit_door_trouble_LDADD = $(queue_test_libs)
tests_unit_gate_CFLAGS = $(queue_test_cflags)
tests_unit_gate_LDADD = $(queue_test_libs)
tests_unit_window_CFLAGS = $(queue_test_cflags)
tests_unit_window_LDADD = $(queue_test_libs)
tests_unit_intake_greets_CFLAGS = $(queue_test_cflags)
tests_unit_intake_greets_LDADD = $(queue_test_libs)
tests_unit_intake_keeps_CFLAGS = $(queue_test_cflags)
tests_unit_intake_keeps_LDADD = $(queue_test_libs)
tests_unit_rates_CFLAGS = $(queue_test_cflags)
tests_unit_rates_LDADD = $(queue_test_libs)
tests_unit_origin_SOURCES = tests/unit/origin.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_origin_CFLAGS = $(queue_test_cflags)
tests_unit_origin_LDADD = $(queue_test_libs)
tests_unit_turned_CFLAGS = $(queue_test_cflags)
tests_unit_turned_LDADD = $(queue_test_libs) $(SECCOMP_LIBS)
tests_unit_door_bind_CFLAGS = $(queue_test_cflags)
tests_unit_door_bind_LDADD = $(queue_test_libs) $(SECCOMP_LIBS)
tests_unit_lent_SOURCES = tests/unit/lent.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_lent_CFLAGS = $(queue_test_cflags)
tests_unit_lent_LDADD = $(queue_test_libs) $(SECCOMP_LIBS)
# Compiled once more, with an smtpd that the test is.
guest_rig = queue/fork_servers.c queue/guests.c queue/guests_ask.c \
	queue/guests_start.c tests/unit/guest_rig.c tests/unit/guest_rig.h \
	tests/unit/logged.c tests/unit/logged.h
tests_unit_guests_SOURCES = tests/unit/guests.c $(guest_rig)
tests_unit_guests_CPPFLAGS = $(AM_CPPFLAGS) -UPATH_LIBEXEC \
	-DPATH_LIBEXEC='"$(abs_builddir)/tests/unit/guests-programs"'
tests_unit_guests_CFLAGS = $(queue_test_cflags)
tests_unit_guests_LDADD = libsmtpd.a $(queue_test_libs) $(SECCOMP_LIBS)
tests_unit_fork_servers_SOURCES = tests/unit/fork_servers.c \
	queue/fork_servers.c
tests_unit_fork_servers_CPPFLAGS = $(AM_CPPFLAGS) -UPATH_LIBEXEC \
	-DPATH_LIBEXEC='"$(abs_builddir)/tests/unit/fork-programs"'
tests_unit_fork_servers_CFLAGS = $(queue_test_cflags)
tests_unit_fork_servers_LDADD = libsmtpd.a $(queue_test_libs) $(SECCOMP_LIBS)
check_PROGRAMS += tests/unit/doors_conf tests/unit/doors_view
door_rig = tests/unit/door_rig.c tests/unit/door_rig.h $(guest_rig)
tests_unit_doors_conf_SOURCES = tests/unit/doors_conf.c $(door_rig)
tests_unit_doors_conf_CPPFLAGS = $(AM_CPPFLAGS) -UPATH_LIBEXEC \
	-DPATH_LIBEXEC='"$(abs_builddir)/tests/unit/doors_conf-programs"'
tests_unit_doors_conf_CFLAGS = $(queue_test_cflags)
tests_unit_doors_conf_LDADD = libsmtpd.a $(queue_test_libs) $(SECCOMP_LIBS)
tests_unit_doors_view_SOURCES = tests/unit/doors_view.c $(door_rig)
tests_unit_doors_view_CPPFLAGS = $(AM_CPPFLAGS) -UPATH_LIBEXEC \
	-DPATH_LIBEXEC='"$(abs_builddir)/tests/unit/doors_view-programs"'
tests_unit_doors_view_CFLAGS = $(queue_test_cflags)
tests_unit_doors_view_LDADD = libsmtpd.a $(queue_test_libs) $(SECCOMP_LIBS)
tests_unit_doors_SOURCES = tests/unit/doors.c $(door_rig)
tests_unit_doors_CPPFLAGS = $(AM_CPPFLAGS) -UPATH_LIBEXEC \
	-DPATH_LIBEXEC='"$(abs_builddir)/tests/unit/doors-programs"'
tests_unit_doors_CFLAGS = $(queue_test_cflags)
tests_unit_doors_LDADD = libsmtpd.a $(queue_test_libs) $(SECCOMP_LIBS)
check_PROGRAMS += tests/unit/guests_trouble
tests_unit_guests_trouble_SOURCES = tests/unit/guests_trouble.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_guests_trouble_CFLAGS = $(queue_test_cflags)
tests_unit_guests_trouble_LDADD = $(queue_test_libs) $(SECCOMP_LIBS)
check_PROGRAMS += tests/unit/guests_taken
tests_unit_guests_taken_SOURCES = tests/unit/guests_taken.c \
	tests/unit/conf_help.c tests/unit/conf_help.h \
	tests/unit/logged.c tests/unit/logged.h
tests_unit_guests_taken_CFLAGS = $(queue_test_cflags)
tests_unit_guests_taken_LDADD = $(queue_test_libs) $(SECCOMP_LIBS)
# Checkers, which the test is.
check_PROGRAMS += tests/unit/checkers tests/unit/guests_checked
checker_rig = queue/checkers.c tests/unit/checker_rig.c \
	tests/unit/checker_rig.h tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_checkers_SOURCES = tests/unit/checkers.c $(checker_rig)
tests_unit_checkers_CPPFLAGS = $(AM_CPPFLAGS) -UPATH_LIBEXEC \
	-DPATH_LIBEXEC='"$(abs_builddir)/tests/unit/checkers-programs"'
tests_unit_checkers_CFLAGS = $(queue_test_cflags)
tests_unit_checkers_LDADD = $(queue_test_libs) $(SECCOMP_LIBS)
tests_unit_guests_checked_SOURCES = tests/unit/guests_checked.c $(checker_rig)
tests_unit_guests_checked_CPPFLAGS = $(AM_CPPFLAGS) -UPATH_LIBEXEC \
	-DPATH_LIBEXEC='"$(abs_builddir)/tests/unit/guests_checked-programs"'
tests_unit_guests_checked_CFLAGS = $(queue_test_cflags)
tests_unit_guests_checked_LDADD = $(queue_test_libs) $(SECCOMP_LIBS)
# What a stranger says, and how long it is listened to.
check_PROGRAMS += tests/unit/proto_authors tests/unit/smtpd_session_text \
	tests/unit/smtpd_serve_refused tests/unit/smtpd_sign_in
tests_unit_smtpd_sign_in_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_sign_in_LDADD = $(smtpd_test_libs)
tests_unit_proto_authors_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_authors_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_smtpd_session_text_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_session_text_LDADD = $(smtpd_test_libs)
tests_unit_smtpd_serve_refused_SOURCES = tests/unit/smtpd_serve_refused.c \
	$(smtpd_stage)
tests_unit_smtpd_serve_refused_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_smtpd_serve_refused_LDADD = $(smtpd_test_libs)
endif
