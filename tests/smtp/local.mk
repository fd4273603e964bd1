# Dialogues between clients and the engine of smtpd (README.md).
check_PROGRAMS += tests/smtp/player
tests_smtp_player_SOURCES = tests/smtp/player.c \
	tests/smtp/stage.c tests/smtp/stage.h
tests_smtp_player_LDADD = libsmtpd.a libmail.a libcommon.a $(LIBBSD_LIBS)
