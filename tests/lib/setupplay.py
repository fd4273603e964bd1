# SPDX-License-Identifier: ISC
"""Somebody who sets up a host by mailchute setup, at a terminal, against a
tenant in which nothing was done; the fixtures of that."""

import json
import os
import stat

import pytest

from .site import USER, program
from .tenantadmin import TenantAdmin
from .terminal import Terminal

REMOTE = "bob@fabrikam.example"
CERTIFICATE, SECRET, CODE, IDENTITY, FEDERATED, PASSWORD = "123456"
# What was in the file before, and is nobody's business but its author's.
OTHERS = """\
; the mail of this host
[log]
  target = file
  file = %s
[queue]
user = %s
directory = %s
socket_directory = %s
drop_directory = %s
free_space_min = 1M

[account]
# where the stand-in listens
host = localhost
port = %d
tls_ca_file = %s
token_url = %s
rate = none

[local]
hostname = web01.contoso.example
aliases = /dev/null
"""


class Stranger:
    """Answers by what stands on the terminal; picks are choices of a number,
    words are what he knows himself."""

    def __init__(self, site, admin):
        self.site, self.admin = site, admin
        self.picks = {"How to sign in": CERTIFICATE}
        self.words = {"Mailbox that": USER, "Who gets": "it@contoso.example",
                      "Send a test": REMOTE}
        self.terminals = []
        self.has_signed_in = False

    def start(self, *more, **how):
        how.setdefault("env", self.site.environment())
        t = Terminal([program("mailchute"), "-C", self.site.conf_path,
                      "setup", *more], cwd="/", **how)
        self.terminals.append(t)
        return t

    def reply(self, prompt):
        for begin, answer in {**self.picks, **self.words}.items():
            if prompt.startswith(begin):
                return answer
        if prompt.startswith("Application (client) ID"):
            return self.admin.app.client_id
        if prompt.startswith("Directory (tenant) ID"):
            return self.admin.entra.tenant.id
        if prompt.startswith("The client secret"):
            return self.admin.secret
        return ""

    def sign_in(self, t):
        """At the page that the terminal names, with the code it shows."""
        code = t.wait(r"open\n\n    https://\S+\n\nenter the code\n\n"
                      r"    (\S+)\n\nand sign in as (\S+)\.\n")
        self.admin.entra.approve(*code.groups())
        self.has_signed_in = True

    def step(self, t):
        """Reads what is new, and answers; false at the end."""
        prompt = t.prompt()
        if prompt is None:
            return False
        self.admin.read(t.new)
        t.type(self.reply(prompt))
        return True

    def until(self, t, prompt):
        while not (t.prompt() or "").startswith(prompt):
            assert self.step(t), "%r was never asked:\n%s" % (prompt, t.seen)

    def through(self, t):
        """To its end: the exit status."""
        for _ in range(60):  # questions; more are asked in a circle
            if not self.step(t):
                break
            if self.picks.get("How to sign in") == CODE and \
                    "public client flows" in "".join(self.admin.done) and \
                    not self.has_signed_in:
                self.sign_in(t)
        return t.end()


@pytest.fixture
def server(make_server, entra):
    return make_server(entra=entra)


@pytest.fixture
def fresh(site, entra):
    """A host on which the package was just installed."""
    entra.options.device_interval = 1
    site.watch(entra.known_secrets)
    site.watch(lambda: [line for line in site._text(
        "conf/certificate.key").splitlines() if "-----" not in line])
    site.hunt.belongs.update("conf/" + name for name in (
        "client_secret", "password", "certificate.key"))
    site.write_conf = lambda: None
    account = site.conf["account"]
    site.write("conf/mailchute.conf", OTHERS % (
        site.path("log/log"), site.user, site.path("lib"), site.path("run"),
        site.path("spool/drop"), account["port"], account["tls_ca_file"],
        entra.url()))
    os.unlink(site.path("conf/password"))
    os.unlink(site.path("conf/token"))
    return site


@pytest.fixture
def admin(fresh, entra, tmp_path):
    return TenantAdmin(entra, fresh.server, str(tmp_path))


@pytest.fixture
def stranger(fresh, admin):
    made = Stranger(fresh, admin)
    yield made
    for t in made.terminals:
        t.close()
        fresh.outputs.append(t.seen)
    if os.path.exists(fresh.path("run/mailchuted.pid")):
        fresh.end_background()


def conf(site):
    return site._text("conf/mailchute.conf")


def effective(site):
    done = site.mailchute("config", "--json")
    assert done.returncode == 0, done
    return {(o["section"], o["name"]): o["value"]
            for o in map(json.loads, done.stdout.splitlines())}


def delivered(site):
    message, = site.server.record.wait_messages(1)
    assert [address for address, _ in message.recipients] == [REMOTE]
    return message


def lines_of_others(text):
    """Those that setup has no say in."""
    return [line for line in OTHERS.splitlines() if "%" not in line and line]


def tree(site):
    """All that is on the disk: name, mode, owner, content."""
    found = {}
    for folder in ("conf", "lib", "run", "spool"):
        for name, folders, files in os.walk(site.path(folder)):
            for path in [os.path.join(name, x) for x in ["", *files]]:
                st = os.lstat(path)
                text = None
                if stat.S_ISREG(st.st_mode):
                    with open(path, "rb") as f:
                        text = f.read()
                found[path] = (st.st_mode, st.st_uid, st.st_gid, text)
    return found
