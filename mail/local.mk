noinst_LIBRARIES += libmail.a

libmail_a_SOURCES = \
	mail/addr.c mail/addr.h \
	mail/alias.c mail/alias.h \
	mail/alias_expand.c mail/alias_expand.h \
	mail/alias_list.c mail/alias_list.h \
	mail/base64.c mail/base64.h \
	mail/canon.c mail/canon.h \
	mail/chars.c mail/chars.h \
	mail/complete.c mail/complete.h \
	mail/compose.c mail/compose.h \
	mail/date.c mail/date.h \
	mail/digest.c mail/digest.h \
	mail/dotline.c mail/dotline.h \
	mail/dsn.c mail/dsn.h \
	mail/dsn_value.c mail/dsn_value.h \
	mail/fold.c mail/fold.h \
	mail/greeting.c mail/greeting.h \
	mail/header.c mail/header.h \
	mail/identity.c mail/identity.h \
	mail/label.c mail/label.h \
	mail/lex.c mail/lex.h \
	mail/look.c mail/look.h \
	mail/mailboxes.c \
	mail/mime.c mail/mime.h \
	mail/msgid.c mail/msgid.h \
	mail/params.c mail/params.h \
	mail/phase.c mail/phase.h \
	mail/phrase.c \
	mail/plan.c mail/plan.h \
	mail/prose.c mail/prose.h \
	mail/qp.c mail/qp.h \
	mail/recipients.c mail/recipients.h \
	mail/reencode.c mail/reencode.h \
	mail/reply.c mail/reply.h \
	mail/rewrite.c mail/rewrite.h \
	mail/route.c mail/route.h \
	mail/sender.c mail/sender.h \
	mail/stamp.c mail/stamp.h \
	mail/status.c mail/status.h \
	mail/suffix.c mail/suffix.h \
	mail/targets.c mail/targets.h \
	mail/tidy.c mail/tidy.h mail/tidy_priv.h \
	mail/tidy_addr.c mail/tidy_text.c \
	mail/token_error.c mail/token_error.h mail/token_error_priv.h \
	mail/token_error_rows.c \
	mail/verdict.c mail/verdict.h mail/verdict_priv.h \
	mail/verdict_message.c mail/verdict_name.c mail/verdict_session.c \
	mail/verdict_words.c \
	mail/words.c mail/words.h
