# Manuals.  Each NAME.in becomes NAME with this build's paths; nothing but sed
# is needed.  To add one: a word in MANUALS, a line below, and its section.

MANUALS = \
	docs/mailchute.1 \
	docs/mailchute.conf.5 \
	docs/mailchuted.8 \
	docs/mailq.1 \
	docs/newaliases.1 \
	docs/sendmail.8 \
	docs/smtpd.8

docs/mailchute.1: $(srcdir)/docs/mailchute.1.in
docs/mailchute.conf.5: $(srcdir)/docs/mailchute.conf.5.in
docs/mailchuted.8: $(srcdir)/docs/mailchuted.8.in
docs/mailq.1: $(srcdir)/docs/mailq.1.in
docs/newaliases.1: $(srcdir)/docs/newaliases.1.in
docs/sendmail.8: $(srcdir)/docs/sendmail.8.in
docs/smtpd.8: $(srcdir)/docs/smtpd.8.in

man_MANS = $(MANUALS)

$(MANUALS): Makefile
	$(AM_V_GEN)$(MKDIR_P) docs
	$(AM_V_at)$(SUBSTITUTE) $(srcdir)/$@.in >$@.tmp
	$(AM_V_at)mv $@.tmp $@

CLEANFILES += $(MANUALS)
EXTRA_DIST += \
	docs/mailchute.1.in \
	docs/mailchute.conf.5.in \
	docs/mailchuted.8.in \
	docs/mailq.1.in \
	docs/newaliases.1.in \
	docs/sendmail.8.in \
	docs/smtpd.8.in

# Pages for whoever looks inside.
EXTRA_DIST += \
	docs/architecture.md \
	docs/compatibility.md \
	docs/install.md \
	docs/device-replies.md \
	docs/devices.md \
	docs/metrics.md \
	docs/office365.md \
	docs/operations.md \
	docs/performance.md \
	docs/promises.md \
	docs/protocol.md \
	docs/reliability.md \
	docs/schema.md \
	docs/setup.md \
	docs/style.md
