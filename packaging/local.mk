# What packagers install.  Each NAME.in becomes NAME with this build's paths;
# "make install" puts only those in place whose folder configure was told.

SERVICES = \
	packaging/bsd/mailchuted \
	packaging/openrc/mailchuted \
	packaging/systemd/mailchute.sysusers \
	packaging/systemd/mailchute.tmpfiles \
	packaging/systemd/mailchuted.service \
	packaging/systemd/mailchuted.socket \
	packaging/sysvinit/mailchuted

noinst_DATA = $(SERVICES)

packaging/bsd/mailchuted: $(srcdir)/packaging/bsd/mailchuted.in
packaging/openrc/mailchuted: $(srcdir)/packaging/openrc/mailchuted.in
packaging/systemd/mailchute.sysusers: \
	$(srcdir)/packaging/systemd/mailchute.sysusers.in
packaging/systemd/mailchute.tmpfiles: \
	$(srcdir)/packaging/systemd/mailchute.tmpfiles.in
packaging/systemd/mailchuted.service: \
	$(srcdir)/packaging/systemd/mailchuted.service.in
packaging/systemd/mailchuted.socket: \
	$(srcdir)/packaging/systemd/mailchuted.socket.in
packaging/sysvinit/mailchuted: $(srcdir)/packaging/sysvinit/mailchuted.in

$(SERVICES): Makefile
	$(AM_V_GEN)$(MKDIR_P) '$(@D)'
	$(AM_V_at)$(SUBSTITUTE) $(srcdir)/$@.in >$@.tmp
	$(AM_V_at)mv $@.tmp $@

if INSTALL_SYSTEMD
systemdsystemunit_DATA = \
	packaging/systemd/mailchuted.service \
	packaging/systemd/mailchuted.socket
endif

if INSTALL_COMPLETION
bashcompletion_DATA = packaging/completion/mailchute
endif

# Installed under another name than they have here.
install-data-hook:
if INSTALL_SYSUSERS
	$(MKDIR_P) '$(DESTDIR)@sysusersdir@'
	$(INSTALL_DATA) packaging/systemd/mailchute.sysusers \
	    '$(DESTDIR)@sysusersdir@/mailchute.conf'
endif
if INSTALL_TMPFILES
	$(MKDIR_P) '$(DESTDIR)@tmpfilesdir@'
	$(INSTALL_DATA) packaging/systemd/mailchute.tmpfiles \
	    '$(DESTDIR)@tmpfilesdir@/mailchute.conf'
endif

CLEANFILES += $(SERVICES)
EXTRA_DIST += \
	packaging/apparmor/usr.bin.mailchute \
	packaging/apparmor/usr.sbin.mailchuted \
	packaging/apparmor/usr.sbin.sendmail \
	packaging/bsd/mailchuted.in \
	packaging/completion/mailchute \
	packaging/deb.sh \
	packaging/logrotate/mailchute \
	packaging/mailchute.conf \
	packaging/openrc/mailchuted.in \
	packaging/prometheus/mailchute.rules.yml \
	packaging/systemd/mailchute-listen.socket \
	packaging/systemd/mailchute.sysusers.in \
	packaging/systemd/mailchute.tmpfiles.in \
	packaging/systemd/mailchuted.service.in \
	packaging/systemd/mailchuted.socket.in \
	packaging/sysvinit/mailchuted.in

EXTRA_DIST += \
	packaging/debian/changelog \
	packaging/debian/control \
	packaging/debian/copyright \
	packaging/debian/mailchute.dirs \
	packaging/debian/mailchute.docs \
	packaging/debian/mailchute.examples \
	packaging/debian/mailchute.install \
	packaging/debian/mailchute.links \
	packaging/debian/mailchute.lintian-overrides \
	packaging/debian/mailchute.postinst \
	packaging/debian/mailchute.postrm \
	packaging/debian/mailchute.prerm \
	packaging/debian/mailchute.templates \
	packaging/debian/po/POTFILES.in \
	packaging/debian/rules \
	packaging/debian/source/format
