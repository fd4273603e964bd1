noinst_LIBRARIES += libmail.a

libmail_a_SOURCES = \
	mail/addr.c mail/addr.h \
	mail/chars.c mail/chars.h \
	mail/header.c mail/header.h \
	mail/lex.c mail/lex.h \
	mail/mailboxes.c \
	mail/phrase.c \
	mail/words.c mail/words.h
