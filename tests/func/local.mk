# The tests from end to end.  Programs find one another at their configured
# places, so these need an installed tree: "make install installcheck".

# Every file of these folders, and the conversations, are distributed by their
# names' ends, and tests/data whole: a new one needs no line here.
dist-hook:
	for folder in dialog exchange exchange/entra func lib programs smtp; do \
		$(MKDIR_P) '$(distdir)'/tests/$$folder && \
		find '$(srcdir)'/tests/$$folder -maxdepth 1 \
		    '(' -name '*.py' -o -name '*.md' -o -name '*.txt' ')' \
		    -exec cp -p {} '$(distdir)'/tests/$$folder ';' || exit 1; \
	done
	$(MKDIR_P) '$(distdir)'/tests/data && \
	cp -R '$(srcdir)'/tests/data/. '$(distdir)'/tests/data

# The source folder may be read-only: nothing is written into it.
installcheck-local:
	@if test -z '$(PYTHON3)' || \
	    ! '$(PYTHON3)' -c 'import cryptography, pytest' 2>/dev/null; then \
		echo 'installcheck: skipped, it needs Python 3 with pytest, cryptography'; \
	else \
		MAILCHUTE_PREFIX='$(DESTDIR)$(prefix)' \
		PYTHONDONTWRITEBYTECODE=1 \
		'$(PYTHON3)' -m pytest -q -p no:cacheprovider \
		    --rootdir='$(abs_top_srcdir)/tests/func' \
		    '$(abs_top_srcdir)/tests/func'; \
	fi
