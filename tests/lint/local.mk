# Checks of the source itself.  Each is a script with TAP output; one whose tool
# is not installed is skipped, which "./dev check" counts as a failure.

dist_check_SCRIPTS += \
	tests/lint/banned.sh \
	tests/lint/format.sh \
	tests/lint/layers.sh \
	tests/lint/selftest.sh \
	tests/lint/shell.sh \
	tests/lint/sizes.sh \
	tests/lint/spelling.sh \
	tests/lint/tested.sh \
	tests/lint/words.sh

EXTRA_DIST += tests/lint/lib.sh \
	tests/lint/sizes.exceptions tests/lint/tested.exceptions \
	tests/lint/spelling.ignore
