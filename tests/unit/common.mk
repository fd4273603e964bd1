if HAVE_CMOCKA
check_PROGRAMS += tests/unit/buf tests/unit/clock tests/unit/durable \
	tests/unit/err tests/unit/frame tests/unit/log tests/unit/strlist \
	tests/unit/proto_submit tests/unit/syslog_out

tests_unit_syslog_out_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_syslog_out_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_durable_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_durable_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_buf_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_buf_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_frame_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_frame_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_proto_submit_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_submit_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/textsource
tests_unit_textsource_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_textsource_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/conf_edit
tests_unit_conf_edit_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_edit_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/drop_line
tests_unit_drop_line_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_drop_line_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/submit_frozen
tests_unit_submit_frozen_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_submit_frozen_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/unlike
tests_unit_unlike_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_unlike_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/url
tests_unit_url_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_url_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/token_file
tests_unit_token_file_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_token_file_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/proto_token
tests_unit_proto_token_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_token_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/memfile
tests_unit_memfile_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_memfile_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/token_ask
tests_unit_token_ask_SOURCES = tests/unit/token_ask.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_token_ask_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_token_ask_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/proto_job_message
tests_unit_proto_job_message_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_job_message_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/proto_job
tests_unit_proto_job_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_job_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_clock_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_clock_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_err_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_err_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_log_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_log_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_strlist_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_strlist_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
CONF_TESTS = \
	tests/unit/conf \
	tests/unit/conf_auth \
	tests/unit/conf_grant \
	tests/unit/conf_check \
	tests/unit/conf_host \
	tests/unit/conf_listen \
	tests/unit/conf_provider \
	tests/unit/conf_read \
	tests/unit/conf_show
check_PROGRAMS += $(CONF_TESTS)
tests_unit_conf_SOURCES = tests/unit/conf.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_conf_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_conf_auth_SOURCES = tests/unit/conf_auth.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_conf_auth_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_auth_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_conf_grant_SOURCES = tests/unit/conf_grant.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_conf_grant_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_grant_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_conf_check_SOURCES = tests/unit/conf_check.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_conf_check_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_check_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_conf_listen_SOURCES = tests/unit/conf_listen.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_conf_listen_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_listen_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_conf_host_SOURCES = tests/unit/conf_host.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_conf_host_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_host_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_conf_provider_SOURCES = tests/unit/conf_provider.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_conf_provider_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_provider_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_conf_read_SOURCES = tests/unit/conf_read.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_conf_read_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_read_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/conf_each tests/unit/conf_manual
tests_unit_conf_each_SOURCES = tests/unit/conf_each.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_conf_each_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_each_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_conf_manual_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_manual_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_conf_show_SOURCES = tests/unit/conf_show.c \
	tests/unit/conf_help.c tests/unit/conf_help.h
tests_unit_conf_show_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_show_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/conf_syntax tests/unit/conf_table \
	tests/unit/conf_value tests/unit/nearest tests/unit/utf8
tests_unit_conf_syntax_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_syntax_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_conf_table_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_table_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_conf_value_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_conf_value_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_nearest_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_nearest_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_utf8_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_utf8_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/fdpass tests/unit/priv

tests_unit_fdpass_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_fdpass_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_priv_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_priv_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)

if SANDBOX_LINUX
check_PROGRAMS += tests/unit/sandbox_kernel
tests_unit_sandbox_kernel_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_sandbox_kernel_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS) \
	$(SECCOMP_LIBS)
confined_rig = tests/unit/confined_rig.c tests/unit/confined_rig.h
check_PROGRAMS += tests/unit/syscalls_args tests/unit/syscalls_reach
tests_unit_syscalls_args_SOURCES = tests/unit/syscalls_args.c $(confined_rig)
tests_unit_syscalls_args_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_syscalls_args_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS) \
	$(SECCOMP_LIBS)
tests_unit_syscalls_reach_SOURCES = tests/unit/syscalls_reach.c \
	$(confined_rig)
tests_unit_syscalls_reach_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_syscalls_reach_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS) \
	$(SECCOMP_LIBS)
check_PROGRAMS += tests/unit/sandbox
tests_unit_sandbox_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_sandbox_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS) \
	$(SECCOMP_LIBS) $(SQLITE_LIBS)
endif

check_PROGRAMS += tests/unit/handover tests/unit/parcel tests/unit/site \
	tests/unit/siphash tests/unit/network tests/unit/proto_listen \
	tests/unit/proto_origin tests/unit/proto_words tests/unit/proto_pair \
	tests/unit/tls_io tests/unit/device_words tests/unit/proto_trouble \
	tests/unit/proto_ctl_device tests/unit/proto_ctl_listener
tests_unit_device_words_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_device_words_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_proto_trouble_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_trouble_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_proto_ctl_listener_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_ctl_listener_LDADD = libcommon.a $(LIBBSD_LIBS) \
	$(CMOCKA_LIBS)
tests_unit_proto_ctl_device_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_ctl_device_LDADD = libcommon.a $(LIBBSD_LIBS) \
	$(CMOCKA_LIBS)
tests_unit_proto_listen_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_listen_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_tls_io_SOURCES = tests/unit/tls_io.c tests/unit/tlspair.c \
	tests/unit/tlspair.h
tests_unit_tls_io_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SSL_CFLAGS)
tests_unit_tls_io_LDADD = libtls.a libcommon.a $(LIBBSD_LIBS) $(SSL_LIBS) \
	$(CRYPTO_LIBS) $(CMOCKA_LIBS)
tests_unit_proto_pair_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_pair_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_proto_words_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_words_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_proto_origin_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_origin_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_network_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_network_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_handover_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_handover_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_parcel_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_parcel_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_siphash_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_siphash_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_site_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_site_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/ctl_ask tests/unit/ctl_link tests/unit/proto_ctl \
	tests/unit/proto_ctl_metrics tests/unit/proto_ctl_token
tests_unit_ctl_ask_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_ctl_ask_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_ctl_link_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_ctl_link_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_proto_ctl_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_ctl_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_proto_ctl_metrics_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_ctl_metrics_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_proto_ctl_token_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_ctl_token_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/passhash tests/unit/proto_check tests/unit/users
tests_unit_passhash_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_passhash_LDADD = libcommon.a $(LIBBSD_LIBS) $(CRYPT_LIBS) $(CMOCKA_LIBS)
tests_unit_proto_check_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_proto_check_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
tests_unit_users_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_users_LDADD = libcommon.a $(LIBBSD_LIBS) $(CMOCKA_LIBS)
endif
