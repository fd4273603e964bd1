# Every test speaks TAP.  Each folder of the program has its own list here, so
# that a folder and its tests change together.

TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	programs='$(bin_PROGRAMS) $(sbin_PROGRAMS) $(pkglibexec_PROGRAMS)'; \
	export programs; \
	static_libbsd='$(static_libbsd)'; export static_libbsd; \
	sanitized='$(SAN_FLAGS)'; export sanitized;

TESTS += $(check_PROGRAMS) $(dist_check_SCRIPTS)

EXTRA_DIST += tests/check.sh

include tests/unit/common.mk
include tests/unit/mail.mk
include tests/unit/sendmail.mk
include tests/unit/queue.mk
include tests/unit/dispatch.mk
include tests/unit/device.mk
include tests/unit/signin.mk
include tests/unit/delivery.mk
include tests/unit/smtpd.mk
include tests/unit/listen.mk
include tests/unit/admin.mk
include tests/dialog/local.mk
include tests/smtp/local.mk
include tests/bench/queue.mk
include tests/fuzz/local.mk
include tests/lint/local.mk
include tests/func/local.mk
include tests/bench/local.mk
