noinst_LIBRARIES += libqueue.a

libqueue_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(ZLIB_CFLAGS)
libqueue_a_SOURCES = \
	queue/account_store.c \
	queue/ballast.c queue/ballast.h \
	queue/budget.c \
	queue/chunk.c \
	queue/due.c \
	queue/journal.c \
	queue/limits.c queue/limits.h \
	queue/listing.c \
	queue/lock.c queue/lock.h \
	queue/message.c \
	queue/migrate.c \
	queue/query.c \
	queue/queue_id.c queue/queue_id.h \
	queue/rcpt.c \
	queue/recover.c \
	queue/schedule.c queue/schedule.h \
	queue/sql.c queue/sql.h \
	queue/state.c queue/state.h \
	queue/store.c queue/store.h \
	queue/store_priv.h \
	queue/submission.c \
	queue/totals.c
