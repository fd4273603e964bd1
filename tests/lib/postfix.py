# SPDX-License-Identifier: ISC
"""Postfix with Cyrus SASL and TLS, in a Debian of its own."""

import email
import os
import re
import subprocess

from . import debian
from .notify import DEADLINE, wait_until
from .root import Root

PACKAGES = ["libsasl2-modules", "postfix", "sasl2-bin"]
NAME = "127.0.0.1"
SUBMISSION, SUBMISSIONS, NO_SIZE = 587, 465, 1587
SIZE_LIMIT = 1024 * 1024

MAIN = """\
compatibility_level = 3.6
myhostname = mail.example.net
mydestination =
mynetworks =
inet_protocols = ipv4
maillog_file = /var/log/postfix/log
message_size_limit = {size}
virtual_mailbox_domains = example.net, contoso.example
virtual_mailbox_base = /var/box
virtual_mailbox_maps = regexp:/etc/postfix/boxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
smtpd_error_sleep_time = 0
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = /etc/postfix/cert.pem
smtpd_tls_key_file = /etc/postfix/key.pem
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = /etc/postfix/sasl
smtpd_recipient_restrictions =
    check_recipient_access hash:/etc/postfix/access
    permit_sasl_authenticated
    reject
"""

MASTER = """\
587       inet  n  -  n  -    -  smtpd
465       inet  n  -  n  -    -  smtpd -o smtpd_tls_wrappermode=yes
1587      inet  n  -  n  -    -  smtpd -o smtpd_discard_ehlo_keywords=size
pickup    unix  n  -  n  60   1  pickup
cleanup   unix  n  -  n  -    0  cleanup
qmgr      unix  n  -  n  300  1  qmgr
tlsmgr    unix  -  -  n  1000?  1  tlsmgr
rewrite   unix  -  -  n  -    -  trivial-rewrite
bounce    unix  -  -  n  -    0  bounce
defer     unix  -  -  n  -    0  bounce
trace     unix  -  -  n  -    0  bounce
proxymap  unix  -  -  n  -    -  proxymap
error     unix  -  -  n  -    -  error
retry     unix  -  -  n  -    -  error
virtual   unix  -  n  n  -    -  virtual
anvil     unix  -  -  n  -    1  anvil
postlog   unix-dgram  n  -  n  -  1  postlogd
"""

# Whoever is unknown by name is unknown.
BOXES = "if !/^unknown/\n/^/ all/\nendif\n"
SASL = "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: LOGIN PLAIN\n"
BOX_UID = 2000


class Instance:
    """One that runs in a root, by the configuration that is there."""

    def __init__(self, root):
        self.root = root
        self.process = None

    # ---- life -----------------------------------------------------------

    def start(self):
        before = len(self.log())
        with open(self.root.file("var/log/postfix/start"), "ab") as out:
            self.process = self.root.popen(
                "postfix", "start-fg", stdin=subprocess.DEVNULL, stdout=out,
                stderr=out)
        # It listens before it says so.
        self.wait(lambda: "daemon started" in self.log()[before:],
                  "the start of Postfix")

    def stop(self):
        process, self.process = self.process, None
        if process is None:
            return
        master = int(self.root.read("var/spool/postfix/pid/master.pid"))
        self.root.run("sh", "-c", "kill -TERM %d" % master)
        try:
            process.wait(DEADLINE)
        finally:
            # It leads a process group of its own, which ends with it.
            self.root.run("sh", "-c", "kill -KILL -- -%d || true" % master)

    # ---- what it says -----------------------------------------------------

    def log(self):
        try:
            with open(self.root.file("var/log/postfix/log"),
                      errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def watched(self):
        """Folders in which it shows what it does."""
        return [self.root.file("var/log/postfix")]

    def wait(self, true, what):
        try:
            return wait_until(true, self.watched(), what,
                              process=self.process)
        except AssertionError as e:
            raise AssertionError("%s\n%s" % (e, self.log()[-6000:])) from None

    def wait_log(self, pattern, since=0):
        return self.wait(lambda: re.search(pattern, self.log()[since:]),
                         "%r in Postfix's log" % pattern)


class Postfix(Instance):
    """Mail to example.net and contoso.example comes into one maildir."""

    def __init__(self, authority, user, password):
        super().__init__(Root(debian.root(PACKAGES)))
        self.certificate = authority.issue(NAME)
        self.user, self.password = user, password

    def __enter__(self):
        self.root.__enter__()
        try:
            self._configure()
            self.start()
        except BaseException:
            self.root.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        try:
            self.stop()
        finally:
            self.root.__exit__()

    def _configure(self):
        root = self.root
        root.write("etc/postfix/main.cf",
                   MAIN.format(size=SIZE_LIMIT, uid=BOX_UID))
        root.write("etc/postfix/master.cf", MASTER)
        root.write("etc/postfix/boxes", BOXES)
        os.makedirs(root.file("etc/postfix/sasl"), exist_ok=True)
        root.write("etc/postfix/sasl/smtpd.conf", SASL)
        for name, path in zip(("cert.pem", "key.pem"), self.certificate):
            with open(path) as f:
                root.write("etc/postfix/" + name, f.read(), 0o600)
        local, _, realm = self.user.partition("@")
        root.run("saslpasswd2", "-p", "-c", "-u", realm, local,
                 stdin=self.password.encode())
        root.run("chgrp", "postfix", "/etc/sasldb2")
        root.run("chmod", "640", "/etc/sasldb2")
        os.makedirs(root.file("var/log/postfix"))
        for name in ("new", "cur", "tmp"):
            os.makedirs(root.file("var/box/all/" + name))
        root.run("chown", "-R", "%d:%d" % (BOX_UID, BOX_UID), "/var/box")
        self.access({})

    def access(self, rules):
        """What is said of recipients: {address: an action of access(5)}."""
        self.root.write("etc/postfix/access", "".join(
            "%s %s\n" % rule for rule in rules.items()))
        self.root.run("postmap", "hash:/etc/postfix/access")
        if self.process is not None:
            self.root.run("postfix", "reload")

    # ---- what it holds ----------------------------------------------------

    def watched(self):
        return [*super().watched(), self.root.file("var/box/all/new")]

    def _files(self):
        folder = self.root.file("var/box/all/new")
        return {name: os.path.join(folder, name)
                for name in os.listdir(folder)}

    def forget(self):
        for path in self._files().values():
            os.unlink(path)

    def wait_mail(self, n):
        """So many messages, as (octets, parsed); no more may have come."""
        self.wait(lambda: len(self._files()) >= n, "%d messages" % n)
        found = []
        for _, path in sorted(self._files().items()):
            with open(path, "rb") as f:
                text = f.read()
            found.append((text, email.message_from_bytes(text)))
        assert len(found) == n, [m["Subject"] for _, m in found]
        return found
