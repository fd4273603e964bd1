noinst_LIBRARIES += libcommon.a

libcommon_a_SOURCES = \
	common/buf.c common/buf.h \
	common/clock.c common/clock.h \
	common/envelope.c common/envelope.h \
	common/err.c common/err.h \
	common/fieldmap.c common/fieldmap.h \
	common/frame.c common/frame.h \
	common/log.c common/log.h \
	common/proto_job.c common/proto_job.h \
	common/proto_submit.c common/proto_submit.h \
	common/strlist.c common/strlist.h \
	common/xalloc.c common/xalloc.h
