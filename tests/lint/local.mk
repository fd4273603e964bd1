# Checks of the source itself.  Each is a script with TAP output; one whose tool
# is not installed is skipped, which "./dev check" counts as a failure.  "make
# check lints=" is without them.

lints = \
	tests/lint/banned.sh \
	tests/lint/format.sh \
	tests/lint/layers.sh \
	tests/lint/letters.sh \
	tests/lint/links.sh \
	tests/lint/manuals.sh \
	tests/lint/metrics.sh \
	tests/lint/numbers.sh \
	tests/lint/office365.sh \
	tests/lint/options.sh \
	tests/lint/packaging.sh \
	tests/lint/promises.sh \
	tests/lint/protocol.sh \
	tests/lint/purity.sh \
	tests/lint/references.sh \
	tests/lint/replies.sh \
	tests/lint/selftest.sh \
	tests/lint/shell.sh \
	tests/lint/sizes.sh \
	tests/lint/spelling.sh \
	tests/lint/states.sh \
	tests/lint/tested.sh \
	tests/lint/words.sh
dist_check_SCRIPTS += $(lints)

# A helper of office365.sh.
EXTRA_PROGRAMS += tests/lint/rows
CLEANFILES += tests/lint/rows
tests_lint_rows_LDADD = libmail.a libcommon.a $(LIBBSD_LIBS)
tests/lint/office365.log: tests/lint/rows admin/mailchute

EXTRA_DIST += tests/lint/lib.sh \
	tests/lint/sizes.exceptions tests/lint/tested.exceptions \
	tests/lint/spelling.ignore

# Analysers that see the code as the compiler does.  They take minutes, so that
# "./dev check" runs them, in a tree configured with clang.

ANALYSED = cd $(abs_top_srcdir) && find common mail sendmail queue delivery smtpd \
	admin tests -name '*.c' | sort
ANALYSER_FLAGS = -DANALYSER $(LANG_CFLAGS) $(DEFS) -I$(abs_top_builddir) $(AM_CPPFLAGS) \
	-I$(abs_top_srcdir) $(LIBBSD_CFLAGS)

.PHONY: tidy cppcheck
tidy:
	$(ANALYSED) | xargs -P 2 -I{} clang-tidy --quiet {} -- $(ANALYSER_FLAGS)
cppcheck:
	$(ANALYSED) | cppcheck --quiet --error-exitcode=1 --std=c11 \
	  --enable=warning,performance,portability --library=bsd \
	  --inline-suppr \
	  --suppress=missingIncludeSystem --suppress=varFuncNullUB -I$(abs_top_srcdir) \
	  -I$(abs_top_builddir) -j 2 --file-list=-
