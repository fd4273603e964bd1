# The tests from end to end.  Programs find one another at their configured
# places, so these need an installed tree: "make install installcheck".

EXTRA_DIST += \
	tests/exchange/README.md \
	tests/exchange/__init__.py \
	tests/exchange/__main__.py \
	tests/exchange/ca.py \
	tests/exchange/control.py \
	tests/exchange/faults.py \
	tests/exchange/judge.py \
	tests/exchange/record.py \
	tests/exchange/server.py \
	tests/exchange/session.py \
	tests/exchange/wire.py \
	tests/func/conftest.py \
	tests/func/test_account.py \
	tests/func/test_bounce.py \
	tests/func/test_config.py \
	tests/func/test_deliver.py \
	tests/func/test_drop.py \
	tests/func/test_exchange.py \
	tests/func/test_exchange_faults.py \
	tests/func/test_exchange_messages.py \
	tests/func/test_faults.py \
	tests/func/test_kill.py \
	tests/func/test_mailq.py \
	tests/func/test_schema.py \
	tests/func/test_stop.py \
	tests/func/test_submit.py \
	tests/func/test_submit_refused.py \
	tests/func/test_tls.py \
	tests/func/test_two_daemons.py \
	tests/func/test_uncertain.py \
	tests/lib/__init__.py \
	tests/lib/client.py \
	tests/lib/demo.py \
	tests/lib/fakedaemon.py \
	tests/lib/fixtures.py \
	tests/lib/logfile.py \
	tests/lib/notify.py \
	tests/lib/site.py \
	tests/lib/standin.py

# The source folder may be read-only: nothing is written into it.
installcheck-local:
	@if test -z '$(PYTHON3)' || \
	    ! '$(PYTHON3)' -c 'import pytest' 2>/dev/null; then \
		echo 'installcheck: skipped, it needs Python 3 with pytest'; \
	else \
		MAILCHUTE_PREFIX='$(DESTDIR)$(prefix)' \
		PYTHONDONTWRITEBYTECODE=1 \
		'$(PYTHON3)' -m pytest -q -p no:cacheprovider \
		    --rootdir='$(abs_top_srcdir)/tests/func' \
		    '$(abs_top_srcdir)/tests/func'; \
	fi
