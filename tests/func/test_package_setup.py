# SPDX-License-Identifier: ISC
"""From Debian's package to a delivered message, by what is printed on the way
and nothing else; the session of docs/setup.md is the first of them."""

import os
import re
from difflib import ndiff

import pytest

from lib.newcomer import *  # noqa: F401,F403
from lib.newcomer import REMOTE, Newcomer, delivered, owners, tree
from lib.packaged import USER, package
from lib.packaged import bare, provider  # noqa: F401
from lib.page import page, pairs, plain, section
from lib.setupplay import CODE, SECRET
from lib.systemctl import Systemctl

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a Debian of its own")

DAEMONS = "mailchute:mailchute"
AGAIN = "mailchute setup"


# ---- docs/setup.md: a certificate, and systemd ----------------------------

def session():
    """The lines of the block that begins with the command."""
    lines = page("setup.md").splitlines()
    block = []
    for line in lines[lines.index("    # mailchute setup") + 1:]:
        if line and not line.startswith("    "):
            break
        block.append(line[4:])
    while not block[-1]:
        block.pop()
    return block


class Reader(Newcomer):
    """Types what the page has behind a question."""

    def begin(self, command):
        self.lines, self.at = session(), 0
        return self.start(command)

    def names(self):
        """(what stands in this run, what stands on the page)"""
        app = self.admin.app
        return [
            (app.client_id if app else "-", "11111111-1111-1111-1111-"
             "111111111111"),
            (app.object_id if app else "-", "22222222-2222-2222-2222-"
             "222222222222"),
            (self.admin.entra.tenant.id, "33333333-3333-3333-3333-"
             "333333333333"),
            ("127.0.0.1:587", "203.0.113.25:587")]

    def as_on_the_page(self, text):
        for here, there in self.names():
            text = text.replace(here, there)
        # The connection on which it was looked at may still be there.
        text = text.replace("is signed in at smtp.office365.com over TLSv1.3",
                            "nothing is known against it")
        # The times of stages, and a certificate, are others each time.
        text = re.sub(r"(?m)^\d\d:\d\d:\d\d(?=  )", "23:10:35", text)
        text = re.sub(r"\b\d+[KMGT] free", "11G free", text)
        text = re.sub(r"ends in \d+ days, on [-\d]+ \d\d:\d\d UTC",
                      "ends in 730 days, on 2028-11-29 23:10 UTC", text)
        return re.sub(r"(-----BEGIN CERTIFICATE-----\n)[^-]*(-----END)",
                      r"\1...\n\2", text)

    def reply(self, prompt):
        asked = self.as_on_the_page(prompt).rstrip()
        while not self.lines[self.at].startswith(asked):
            self.at += 1
            assert self.at < len(self.lines), "%r is not on the page" % asked
        answer = self.lines[self.at][len(asked):].strip()
        self.at += 1
        for here, there in self.names():
            answer = answer.replace(there, here)
        return answer


# Of the machine that the tests run on.
NOT_ON_THE_PAGE = re.compile(r"(ok|warn|fail) +(clock|queue: the queue in)\b")


def without(lines):
    """Less those lines, and what there is to do about them."""
    kept, is_out = [], False
    for line in lines:
        is_out = bool(NOT_ON_THE_PAGE.match(line)) or \
            is_out and line.startswith("        do: ")
        if not is_out:
            kept.append(line.rstrip())
    seen = [line.partition(" ")[0] for line in kept]
    return [re.sub(r"^\d+ ok, \d+ warnings,", "%d ok, %d warnings," % (
        seen.count("ok"), seen.count("warn")), line) for line in kept]


@pytest.fixture
def systemctl(bare):
    with Systemctl(bare) as made:
        yield made
        assert made.wrong == []


def test_the_page(bare, provider, systemctl, seat):
    reader = seat(Reader)
    command = reader.install()
    assert systemctl.is_enabled() and not systemctl.unit
    t = reader.begin(command)
    status = reader.through(t)
    shown = t.seen.partition("# %s\n" % command)[2]
    shown = shown.rpartition("\nroot@web01")[0].partition("\nroot@web01")[0]
    actual = without(reader.as_on_the_page(shown).split("\n"))
    print("\n".join(actual))
    found = pairs(session(), actual)
    assert found is not None, "\n".join(ndiff(
        list(map(plain, session())), list(map(plain, actual))))
    assert status == 0
    assert delivered(provider).sender == USER
    assert systemctl.asked[-1] == "restart mailchuted.service"
    now = owners(bare)
    assert now["/etc/mailchute/certificate.key"] == "-rw-r----- root:mailchute"
    assert now["/etc/mailchute/certificate.pem"].startswith("-rw-r--r-- ")
    assert not [path for path in now if "setup" in path]


def test_again(bare, provider, systemctl, seat):
    """Enter, and only that: mailchuted takes it over, under systemd; what was
    there stays.  After a build from source, which enables nothing."""
    newcomer = seat()
    newcomer.install()
    systemctl.disable()
    assert newcomer.through(newcomer.start(AGAIN)) == 0
    assert systemctl.asked[-1] == "enable --now mailchuted.service"
    assert systemctl.is_enabled()
    provider.record.forget()
    asked, before = len(systemctl.asked), owners(bare)
    first = bare.read("etc/mailchute/mailchute.conf")
    newcomer.picks = {}
    newcomer.words = {"Send a test": REMOTE}
    newcomer.reply = lambda prompt: REMOTE if "test" in prompt else ""
    t = newcomer.start(AGAIN)
    assert newcomer.through(t) == 0, t.seen
    assert "\nmailchuted has taken it over\n" in t.seen
    delivered(provider)
    assert len(systemctl.asked) == asked
    assert bare.read("etc/mailchute/mailchute.conf") == \
        bare.read("etc/mailchute/mailchute.conf.1") == first
    assert owners(bare) == {**before, "/etc/mailchute/mailchute.conf.1":
                            before["/etc/mailchute/mailchute.conf"]}
    kept = tree(bare)
    t = newcomer.start(AGAIN, "--print")
    assert newcomer.through(t) == 0, t.seen
    assert tree(bare) == kept


# ---- a code, and sysvinit ----------------------------

def test_by_a_code(bare, provider, entra, seat):
    entra.user(USER)
    newcomer = seat()
    newcomer.picks["How to sign in"] = CODE
    t = newcomer.start(newcomer.install())
    assert newcomer.through(t) == 0, t.seen
    assert 'by "/etc/init.d/mailchuted start"' in t.seen
    assert "Starting mail queue: mailchuted.\nmailchuted runs\n" in t.seen
    assert ", 0 failures\n" in t.seen
    delivered(provider)
    bare.service("status")
    now = owners(bare)
    assert now["/etc/mailchute/mailchute.conf"] == "-rw-r--r-- root:root"
    assert now["/var/lib/mailchute"] == "drwx------ " + DAEMONS
    assert now["/var/lib/mailchute/tokens"] == "drwx------ " + DAEMONS
    assert now["/var/lib/mailchute/tokens/account"] == "-rw------- " + DAEMONS
    assert not [path for path in now if "setup" in path]


# ---- README.md: a client secret ----------------------------

def test_the_readme(bare, provider, seat, admin):
    """What it has people type, and that five lines come of it."""
    commands, lines, then = section(page("../README.md"), "Install")[:3]
    assert commands.splitlines()[1:] == [
        "apt install ./build-dev/deb/" + os.path.basename(package()), AGAIN]
    newcomer = seat()
    newcomer.install()
    newcomer.console.run("echo early | sendmail root")  # it is kept
    newcomer.picks["How to sign in"] = SECRET
    newcomer.words["Directory"] = "contoso.onmicrosoft.com"
    t = newcomer.start(AGAIN)
    assert newcomer.through(t) == 0, t.seen
    assert bare.read("etc/mailchute/mailchute.conf") == re.sub(
        "[-0]{36}", admin.app.client_id, lines)
    assert len(re.findall(" = ", lines)) == 5
    assert owners(bare)["/etc/mailchute/client_secret"] == \
        "-rw-r----- root:mailchute"
    for line in then.splitlines():
        t.run(line, 0, 1)  # check may warn of the clock
    assert sorted(m.addresses for m in provider.record.wait_messages(3)) == [
        ["it@contoso.com"], ["you@contoso.com"], [REMOTE]]


# ---- as people sit in front of it ----------------------------

@pytest.fixture
def installed(bare):
    bare.install()
    return bare


def test_left_at_each_question(installed, seat):
    """On a narrow terminal that knows nothing: all is as it was, and what is
    typed is seen."""
    newcomer = seat(columns=40, term="dumb")
    newcomer.picks["How to sign in"] = SECRET
    before, prompt, at = tree(installed), "", 0
    while not prompt.startswith("Write this"):
        t = newcomer.start(AGAIN)
        for _ in range(at):
            newcomer.step(t)
        prompt = t.prompt()
        t.interrupt()
        assert t.end() == 75, prompt
        assert t.is_echoing()
        assert tree(installed) == before, prompt
        at += 1
    assert at >= 10
    assert "\x1b" not in t.seen


def test_suspended_at_a_secret(installed, seat):
    newcomer = seat()
    newcomer.picks["How to sign in"] = SECRET
    t = newcomer.start(AGAIN)
    newcomer.until(t, "The client secret")
    t.press("\x1a")
    t.wait("Stopped")
    assert t.prompt() is None and t.is_echoing()
    t.type("fg")
    t.wait(r"\nThe client secret[^\n]*: $")
    newcomer.admin.read("Client secrets > New client secret")
    t.type(newcomer.admin.secret)
    newcomer.until(t, "Write this")
    assert newcomer.admin.secret not in t.seen
    t.interrupt()
    assert t.end() == 75


def test_where_it_cannot(installed, seat):
    """It says why, and its status does, too."""
    t, before = seat().console, tree(installed)
    for command, status in (("%s </dev/null", 64), ("echo | %s", 64),
                            ("%s | cat; (exit ${PIPESTATUS[0]})", 64),
                            ("setsid --wait %s <&- 2>&1", 64)):
        said = t.run(command % AGAIN, status)
        assert said == "mailchute: setup asks questions, and needs a " \
            "terminal to do so; through ssh: ssh -t\n"
    said = t.run("su alice -c '%s'" % AGAIN, 77)
    assert "run it as root" in said and AGAIN + " --print" in said
    assert tree(installed) == before


def test_without_openssl_and_folder(installed, seat):
    """What is missing can be mended while it asks."""
    newcomer = seat()
    newcomer.console.run("mv /usr/bin/openssl /root; rmdir /etc/mailchute; "
                         "umask 077")
    t = newcomer.start(AGAIN)
    newcomer.until(t, "Make a key")
    newcomer.step(t)
    assert t.prompt().startswith("Make a key")
    assert "install it (package openssl)" in t.new
    os.rename(installed.file("root/openssl"), installed.file("usr/bin/openssl"))
    newcomer.until(t, "Start it")
    t.type("no")
    assert t.end() == 69
    assert "\n    /etc/init.d/mailchuted start\n    mailchute check\n" in t.seen
    now = owners(installed)
    assert now["/etc/mailchute"] == "drwxr-xr-x root:root"
    assert now["/etc/mailchute/mailchute.conf"] == "-rw-r--r-- root:root"
    assert now["/etc/mailchute/certificate.key"] == "-rw-r----- root:mailchute"


def test_nothing_is_configured(installed, seat):
    """Whatever people try first names setup."""
    t = seat().console
    for command, status in (("config", 78), ("check", 2), ("status", 2),
                            ("test " + REMOTE, 78), ("queue", 78)):
        said = t.run("mailchute " + command, status)
        assert "mailchute setup" in said, said
    assert AGAIN in t.run("mailq", 78)
