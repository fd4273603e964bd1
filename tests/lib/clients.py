# SPDX-License-Identifier: ISC
"""Programs of others that speak SMTP as clients, in a Debian of their own.

Each function sends one message by one of them: a Message, in a Way.
"""

import contextlib
import os
import subprocess
from collections import namedtuple

from . import debian
from .postfix import Instance
from .root import Root

PACKAGES = ["curl", "libnet-ssleay-perl", "libsasl2-modules", "msmtp",
            "postfix", "s-nail", "swaks"]
ROOTS = "/etc/roots.pem"

# tls: none, starttls or implicit; mechanism, login, password: of AUTH, or None.
Way = namedtuple("Way", "port tls mechanism login password")
# text: octets, with lines as Unix has them.
Message = namedtuple("Message", "name sender recipients text")

MSMTP = """\
account default
host localhost
port {way.port}
domain msmtp.example
from {message.sender}
tls {tls}
tls_starttls {starttls}
tls_trust_file {roots}
auth {auth}
"""

MAIN = """\
compatibility_level = 3.6
myhostname = edge.example.net
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
maillog_file = /var/log/postfix/log
transport_maps = regexp:/etc/postfix/transport
smtp_host_lookup = native
smtp_tls_CAfile = {roots}
smtp_tls_loglevel = 1
smtp_sasl_security_options = noanonymous
smtp_sasl_tls_security_options = noanonymous
"""

MASTER = """\
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
postlog   unix-dgram  n  -  n  -  1  postlogd
"""


class Debian(Root):
    """With those programs, and a file of the authorities that they trust."""

    def __init__(self, authority):
        super().__init__(debian.root(PACKAGES))
        self._authority = authority

    def __enter__(self):
        super().__enter__()
        self.write("etc/hosts", "127.0.0.1 localhost\n")
        with open(self._authority.roots) as f:
            self.write(ROOTS, f.read())
        return self

    def put(self, message, ending=b"\n"):
        """The text as a file, with lines that end so; its path."""
        path = "/tmp/" + message.name
        with open(self.file(path), "wb") as f:
            f.write(message.text.replace(b"\n", ending))
        return path

    def say(self, *argv, stdin=None):
        """The exit status of a program, and what it has printed."""
        process = self.popen(*argv, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out, _ = process.communicate(stdin, 60)
        return process.returncode, out.decode(errors="replace")


def swaks(root, way, message):
    """It ends the last line itself."""
    text = message.text.removesuffix(b"\n")
    tls = {"none": [], "starttls": ["--tls"], "implicit": ["--tls-on-connect"]}
    return root.say(
        "swaks", "--server", "localhost", "--port", str(way.port),
        "--ehlo", "swaks.example", "--from", message.sender,
        "--to", ",".join(message.recipients), "--data",
        "@" + root.put(message._replace(text=text)), "--suppress-data",
        "--auth-hide-password", *tls[way.tls],
        *(["--tls-verify", "--tls-ca-path", ROOTS] if tls[way.tls] else []),
        *(["--auth", way.mechanism, "--auth-user", way.login,
           "--auth-password", way.password] if way.mechanism else []))


def curl(root, way, message):
    rcpts = [w for r in message.recipients for w in ("--mail-rcpt", r)]
    return root.say(
        "curl", "--silent", "--show-error", "--cacert", ROOTS, "--url",
        "%s://localhost:%d/curl.example" % (
            "smtps" if way.tls == "implicit" else "smtp", way.port),
        *(["--ssl-reqd"] if way.tls == "starttls" else []),
        "--mail-from", message.sender, *rcpts,
        *(["--login-options", "AUTH=" + way.mechanism, "--user",
           "%s:%s" % (way.login, way.password)] if way.mechanism else []),
        "--upload-file", root.put(message, b"\r\n"))


def msmtp(root, way, message):
    path = "/tmp/msmtp-" + message.name
    text = MSMTP.format(
        way=way, message=message, roots=ROOTS,
        tls="off" if way.tls == "none" else "on",
        starttls="off" if way.tls == "implicit" else "on",
        auth=(way.mechanism or "off").lower())
    if way.mechanism:
        text += "user %s\npassword %s\n" % (way.login, way.password)
    root.write(path, text, 0o600)
    return root.say("msmtp", "-C", path, "--", *message.recipients,
                    stdin=message.text)


def s_nail(root, way, message):
    """It makes the header itself, encodes the body where it must, and says
    HELO where it wants nothing of EHLO."""
    who = "%s:%s@" % (way.login, way.password) if way.mechanism else ""
    _, _, body = message.text.partition(b"\n\n")
    settings = [
        "v15-compat", "from=" + message.sender, "mta=%s://%slocalhost:%d" % (
            "submissions" if way.tls == "implicit" else "smtp", who, way.port),
        "smtp-auth=" + (way.mechanism or "none").lower(),
        "smtp-hostname=snail.example", "tls-ca-file=" + ROOTS,
        "tls-verify=strict", "sendwait"]
    if way.tls == "starttls":
        settings.append("smtp-use-starttls")
    return root.say(
        "s-nail", "-n", *[w for s in settings for w in ("-S", s)],
        "-s", message.name, "-.", *message.recipients, stdin=body)


class Postfix(Instance):
    """A Postfix that hands everything over: mail to NAME.example goes in the
    way of that name.  Close by is who shares its root."""

    def __init__(self, root, ways):
        super().__init__(root)
        self._ways = ways

    def __enter__(self):
        transport, master = "", MASTER
        for name, way in self._ways.items():
            transport += r"/@%s\.example$/ %s:[localhost]:%d" % (
                name, name, way.port) + "\n"
            master += "%s unix - - n - - smtp%s\n" % (name, self._options(way))
        self.root.write("etc/postfix/main.cf", MAIN.format(roots=ROOTS))
        self.root.write("etc/postfix/transport", transport)
        self.root.write("etc/postfix/master.cf", master)
        os.makedirs(self.root.file("var/log/postfix"), exist_ok=True)
        self.start()
        return self

    def __exit__(self, *exc):
        self.stop()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.root.file("var/log/postfix/log"))

    @staticmethod
    def _options(way):
        level = "none" if way.tls == "none" else "secure"
        options = ["smtp_tls_security_level=" + level]
        if way.tls == "implicit":
            options.append("smtp_tls_wrappermode=yes")
        if way.mechanism:
            options += ["smtp_sasl_auth_enable=yes",
                        "smtp_sasl_mechanism_filter=" + way.mechanism.lower(),
                        "smtp_sasl_password_maps=static:%s:%s" % (
                            way.login, way.password)]
        return "".join("\n    -o " + o for o in options)

    def send(self, root, way, message):
        return root.say("sendmail", "-i", "-f", message.sender, "--",
                        *message.recipients, stdin=message.text)
