# SPDX-License-Identifier: ISC
"""What is installed where real programs send their mail by mailchute."""

# What our own package depends on.
NEEDED = """
    ca-certificates debconf init-system-helpers libbsd0 libcurl4
    libevent-core-2.1-7 libidn2-0 libjansson4 libseccomp2 libsqlite3-0 libssl3
    systemd-standalone-sysusers systemd-standalone-tmpfiles sysvinit-utils
    zlib1g
""".split()

# Those that are tried, in tests/programs.
PROGRAMS = """
    bsd-mailx mailutils s-nail mutt neomutt nmh mpack mime-construct swaks
    cron anacron at
    php-cli libphp-phpmailer libmime-lite-perl libemail-sender-perl
    libemail-stuffer-perl libmailtools-perl libmail-box-perl ruby-mail
    git git-email
    procmail maildrop vacation
    mdadm smartmontools logwatch logcheck rkhunter fail2ban sudo
    unattended-upgrades apt-listchanges
    monitoring-plugins-standard
""".split()

# exim sends the mail of them all, until our package is put in its place.
ALL = [*NEEDED, *PROGRAMS, "exim4-daemon-light", "procps", "strace"]
