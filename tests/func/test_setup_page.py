# SPDX-License-Identifier: ISC
"""docs/setup.md: the session that it shows is played, answer by answer, by
somebody who knows nothing but what stands on the terminal."""

import os
import re
from difflib import ndiff

import pytest

from lib.page import pairs, plain
from lib.setupplay import *  # noqa: F401,F403
from lib.setupplay import REMOTE, Stranger, delivered
from lib.site import TESTS, USER, program

PAGE = os.path.join(os.path.dirname(TESTS), "docs", "setup.md")
COMMAND = "    # mailchute setup"


def session():
    """The lines of the block that begins with the command."""
    with open(PAGE) as f:
        lines = f.read().splitlines()
    block = []
    for line in lines[lines.index(COMMAND) + 1:]:
        if line and not line.startswith("    "):
            break
        block.append(line[4:])
    while not block[-1]:
        block.pop()
    return block


@pytest.fixture
def names(fresh, admin, entra):
    """(what stands in this run, what stands on the page), in the order."""
    def pairs_():
        app = admin.app
        return [
            (program("mailchuted") + " -C " + fresh.conf_path,
             "/usr/sbin/mailchuted"),
            (" -C " + fresh.conf_path, ""),
            (fresh.path("conf"), "/etc/mailchute"),
            (fresh.path("lib"), "/var/lib/mailchute"),
            (fresh.path("run"), "/run/mailchute"),
            (fresh.path("spool"), "/var/spool/mailchute"),
            (fresh.root, ""),
            (app.client_id if app else "-", "11111111-1111-1111-1111-"
             "111111111111"),
            (app.object_id if app else "-", "22222222-2222-2222-2222-"
             "222222222222"),
            (entra.tenant.id, "33333333-3333-3333-3333-333333333333"),
            ("127.0.0.1:%d" % fresh.server.port, "203.0.113.25:587"),
            ("localhost:%d" % fresh.server.port, "smtp.office365.com:587"),
            ("localhost", "smtp.office365.com"),
            (REMOTE, "you@fabrikam.com"),
            ("contoso.example", "contoso.com"),
        ]
    return pairs_


def as_on_the_page(text, names):
    for here, there in names:
        text = text.replace(here, there)
    # The times of stages, and a certificate, are others each time.
    text = re.sub(r"(?m)^\d\d:\d\d:\d\d(?=  )", "23:10:35", text)
    text = re.sub(r"(-----BEGIN CERTIFICATE-----\n)[^-]*(-----END)",
                  r"\1...\n\2", text)
    return text


def as_in_this_run(text, names):
    for here, there in reversed(names):
        if there:
            text = text.replace(there, here)
    return text


# Of the stand-in, or of the machine that the tests run on.
NOT_ON_THE_PAGE = re.compile(
    r" +account\.(host|port|token_url|family) = |"
    r"(ok|warn|fail) +(clock|sendmail|AppArmor|SELinux|disk)\b")


def without(lines):
    """Less those lines, and what there is to do about them."""
    kept, is_out = [], False
    for line in lines:
        is_out = bool(NOT_ON_THE_PAGE.match(line)) or \
            is_out and line.startswith("        do: ")
        if not is_out:
            kept.append(line.rstrip())
    return kept


class Reader(Stranger):
    """Types what the page has behind a question."""

    def __init__(self, site, admin, names, lines):
        super().__init__(site, admin)
        self.names, self.lines, self.at = names, lines, 0

    def reply(self, prompt):
        asked = as_on_the_page(prompt, self.names())
        while not self.lines[self.at].startswith(asked.rstrip()):
            self.at += 1
            assert self.at < len(self.lines), "%r is not on the page" % asked
        answer = self.lines[self.at][len(asked.rstrip()):].strip()
        self.at += 1
        return as_in_this_run(answer, self.names())


def test_the_page(stranger, fresh, admin, names):
    lines = session()
    os.chmod(fresh.path("lib"), 0o700)
    fresh.write("conf/mailchute.conf", fresh._text(
        "conf/mailchute.conf").replace("rate = none", "family = ipv4"))
    reader = Reader(fresh, admin, names, lines)
    stranger.terminals = reader.terminals
    t = reader.start()
    status = reader.through(t)
    actual = without(as_on_the_page(t.seen, names()).rstrip().split("\n"))
    print("\n".join(actual))
    found = pairs([line.rstrip() for line in lines], actual)
    assert found is not None, "\n".join(ndiff(
        list(map(plain, lines)), list(map(plain, actual))))
    assert status == 0
    message = delivered(fresh)
    assert message.sender == USER
