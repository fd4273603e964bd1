noinst_LIBRARIES += libcommon.a

libcommon_a_SOURCES = \
	common/buf.c common/buf.h \
	common/clock.c common/clock.h \
	common/conf.c common/conf.h \
	common/conf_auth.c \
	common/conf_check.c \
	common/conf_edit.c common/conf_edit.h \
	common/conf_grant.c \
	common/conf_host.c \
	common/conf_list.c \
	common/conf_listen.c \
	common/conf_note.c \
	common/conf_place.c \
	common/conf_priv.h \
	common/conf_provider.c common/conf_provider.h \
	common/conf_read.c \
	common/conf_show.c \
	common/conf_syntax.c common/conf_syntax.h \
	common/conf_table.c common/conf_table.h \
	common/conf_value.c common/conf_value.h \
	common/ctl_ask.c common/ctl_ask.h \
	common/ctl_link.c common/ctl_link.h \
	common/device_words.c common/device_words.h \
	common/drop.c common/drop.h \
	common/drop_line.c common/drop_line.h \
	common/durable.c common/durable.h \
	common/envelope.c common/envelope.h \
	common/err.c common/err.h \
	common/fdpass.c common/fdpass.h \
	common/fieldmap.c common/fieldmap.h \
	common/filesource.c common/filesource.h \
	common/frame.c common/frame.h \
	common/handover.c common/handover.h \
	common/job_session.c common/job_session.h \
	common/log.c common/log.h \
	common/member.c common/member.h \
	common/nearest.c common/nearest.h \
	common/network.c common/network.h \
	common/parcel.c common/parcel.h \
	common/passhash.c common/passhash.h \
	common/priv.c common/priv.h \
	common/proto_authors.c common/proto_authors.h \
	common/proto_check.c common/proto_check.h \
	common/proto_ctl.c common/proto_ctl.h \
	common/proto_ctl_device.c \
	common/proto_ctl_listener.c \
	common/proto_ctl_metrics.c \
	common/proto_ctl_session.c \
	common/proto_ctl_token.c \
	common/proto_fork.h \
	common/proto_job.c common/proto_job.h \
	common/proto_job_message.c \
	common/proto_job_priv.h \
	common/proto_listen.c common/proto_listen.h \
	common/proto_origin.c common/proto_origin.h \
	common/proto_pair.c common/proto_pair.h \
	common/proto_submit.c common/proto_submit.h \
	common/proto_token.c common/proto_token.h \
	common/proto_trouble.c common/proto_trouble.h \
	common/proto_words.c common/proto_words.h \
	common/sandbox.h \
	common/sanitizer.h \
	common/secret_rule.c common/secret_rule.h \
	common/siphash.c common/siphash.h \
	common/site.c common/site.h \
	common/size_limit.h \
	common/source.h \
	common/spawn.c common/spawn.h \
	common/strlist.c common/strlist.h \
	common/submit.c common/submit.h \
	common/sysexit.c common/sysexit.h \
	common/syslog_out.c common/syslog_out.h \
	common/textsource.c common/textsource.h \
	common/token_ask.c \
	common/token_file.c common/token_file.h \
	common/url.c common/url.h \
	common/users.c common/users.h \
	common/utf8.c common/utf8.h \
	common/xalloc.c common/xalloc.h

if HAVE_MEMFD
libcommon_a_SOURCES += common/memfile_linux.c common/memfile.h
else
libcommon_a_SOURCES += common/memfile_posix.c common/memfile.h
endif

# Programs that use the sandbox link $(SECCOMP_LIBS) too.
if SANDBOX_LINUX
libcommon_a_SOURCES += common/sandbox_linux.c \
	common/landlock.c common/landlock.h \
	common/syscalls.c common/syscalls.h \
	common/syscalls_args.c common/syscalls_args.h
else
libcommon_a_SOURCES += common/sandbox_none.c
endif

# TLS, for the programs that link OpenSSL.
noinst_LIBRARIES += libtls.a
libtls_a_SOURCES = \
	common/tls_io.c common/tls_io.h common/tls_want.h \
	common/tls_old.c common/tls_old.h
libtls_a_CFLAGS = $(AM_CFLAGS) $(SSL_CFLAGS)
