# Conversations between deliver and a scripted server (README.md).

# Helpers of the test, not tests: they are built for run.sh alone.
EXTRA_PROGRAMS += tests/dialog/driver tests/dialog/hasty
CLEANFILES += tests/dialog/driver tests/dialog/hasty
tests_dialog_driver_SOURCES = tests/dialog/driver.c \
	tests/dialog/mailchuted.c tests/dialog/script.c tests/dialog/script.h \
	tests/dialog/server.c tests/dialog/stage.c tests/dialog/dialog.h
tests_dialog_driver_CFLAGS = $(AM_CFLAGS) $(SSL_CFLAGS)
tests_dialog_driver_LDADD = libmail.a libcommon.a $(LIBBSD_LIBS) $(SSL_LIBS) \
	$(CRYPTO_LIBS)
tests_dialog_hasty_SOURCES = delivery/deliver_main.c tests/dialog/hasty.c
tests_dialog_hasty_LDADD = $(DELIVERY_LDADD)
tests_dialog_hasty_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=phase_limit_ms

dist_check_SCRIPTS += tests/dialog/run.sh
tests/dialog/run.log: tests/dialog/driver tests/dialog/hasty \
	delivery/deliver
