# Conversations between deliver and a scripted server (README.md).

# Helpers of the test, not tests: they are built for run.sh alone.
EXTRA_PROGRAMS += tests/dialog/driver tests/dialog/hasty tests/dialog/matrix
CLEANFILES += tests/dialog/driver tests/dialog/hasty tests/dialog/matrix
tests_dialog_driver_SOURCES = tests/dialog/driver.c tests/dialog/play.c \
	tests/dialog/mailchuted.c tests/dialog/script.c tests/dialog/script.h \
	tests/dialog/server.c tests/dialog/stage.c tests/dialog/dialog.h
tests_dialog_driver_CFLAGS = $(AM_CFLAGS) $(SSL_CFLAGS)
tests_dialog_driver_LDADD = libmail.a libcommon.a $(LIBBSD_LIBS) $(SSL_LIBS) \
	$(CRYPTO_LIBS)
tests_dialog_matrix_SOURCES = tests/dialog/matrix.c tests/dialog/matrix.h \
	tests/dialog/matrix_table.c tests/dialog/play.c \
	tests/dialog/mailchuted.c tests/dialog/script.c tests/dialog/script.h \
	tests/dialog/server.c tests/dialog/stage.c tests/dialog/dialog.h
tests_dialog_matrix_CFLAGS = $(AM_CFLAGS) $(SSL_CFLAGS)
tests_dialog_matrix_LDADD = $(tests_dialog_driver_LDADD)
tests_dialog_hasty_SOURCES = delivery/deliver_main.c tests/dialog/hasty.c
tests_dialog_hasty_LDADD = $(DELIVERY_LDADD)
tests_dialog_hasty_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=phase_limit_ms

dist_check_SCRIPTS += tests/dialog/matrix.sh tests/dialog/run.sh
EXTRA_DIST += tests/dialog/certificates.sh
tests/dialog/matrix.log: tests/dialog/matrix delivery/deliver
tests/dialog/run.log: tests/dialog/driver tests/dialog/hasty \
	delivery/deliver
