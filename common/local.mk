noinst_LIBRARIES += libcommon.a

libcommon_a_SOURCES = \
	common/buf.c common/buf.h \
	common/clock.c common/clock.h \
	common/envelope.c common/envelope.h \
	common/err.c common/err.h \
	common/fdpass.c common/fdpass.h \
	common/fieldmap.c common/fieldmap.h \
	common/frame.c common/frame.h \
	common/log.c common/log.h \
	common/priv.c common/priv.h \
	common/proto_job.c common/proto_job.h \
	common/proto_submit.c common/proto_submit.h \
	common/sandbox.h \
	common/strlist.c common/strlist.h \
	common/xalloc.c common/xalloc.h

# Programs that use the sandbox link $(SECCOMP_LIBS) too.
if SANDBOX_LINUX
libcommon_a_SOURCES += common/sandbox_linux.c
else
libcommon_a_SOURCES += common/sandbox_none.c
endif
