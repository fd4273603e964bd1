# Conversations between deliver and a scripted server (README.md).

# A helper of the test, not a test: it is built for run.sh alone.
EXTRA_PROGRAMS += tests/dialog/driver
CLEANFILES += tests/dialog/driver
tests_dialog_driver_SOURCES = tests/dialog/driver.c \
	tests/dialog/mailchuted.c tests/dialog/script.c tests/dialog/script.h \
	tests/dialog/stage.c tests/dialog/dialog.h
tests_dialog_driver_CFLAGS = $(AM_CFLAGS) $(SSL_CFLAGS)
tests_dialog_driver_LDADD = libcommon.a $(LIBBSD_LIBS) $(SSL_LIBS) \
	$(CRYPTO_LIBS)

dist_check_SCRIPTS += tests/dialog/run.sh
tests/dialog/run.log: tests/dialog/driver delivery/deliver
