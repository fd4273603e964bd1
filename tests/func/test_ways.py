# SPDX-License-Identifier: ISC
"""What the table of tests/data/ways says of sendmail and its other names."""

import os
import re

import pytest

from exchange import Exchange
from lib import ways
from lib.site import TESTS, USER, Site
from lib.wayrun import RUN

ROWS = ways.read_all()
SOURCE = os.path.join(os.path.dirname(TESTS), "sendmail", "args.c")
PAGE = os.path.join(os.path.dirname(TESTS), "docs", "compatibility.md")


class Sites:
    """One site for each kind of place; its daemon serves many rows."""

    def __init__(self, authority):
        self.authority = authority
        self.made = {}
        self.servers = []

    def of(self, way):
        key = (way.place, tuple(sorted(way.conf.items())),
               way.quirks.get("without"))
        if key not in self.made:
            self.made[key] = self._make(way)
        return self.made[key]

    def _server(self, way):
        server = Exchange(self.authority.issue("localhost"),
                          provider=way.conf.get("account.provider", "smtp"))
        for name in filter(None, way.quirks.get("without", "").split(",")):
            server.options.extensions.remove(name)
        self.servers.append(server)
        server.up()
        return server

    def _make(self, way):
        if way.place != "wire":
            site = Site()
        else:
            server = self._server(way)
            site = Site(server, provider="smtp", auth="login",
                        rewrite="never", linger="60s",
                        tls_ca_file=self.authority.roots)
            server.options.users[USER] = site.password
        os.mkdir(site.path("home"))  # of whoever calls
        os.chmod(site.path("home"), 0o1777)
        if way.place == "daemon":
            site.conf["queue"]["delivery"] = "off"
        for name, value in way.conf.items():
            section, option = name.split(".")
            site.conf[section][option] = value
        site.write_conf()
        return site if way.place == "drop" else site.start()

    def end(self):
        for site in self.made.values():
            site.close()
        for server in self.servers:
            server.stop()
        try:
            for site in self.made.values():
                site.check()
        finally:
            for site in self.made.values():
                site.remove()


@pytest.fixture(scope="module")
def sites(authority):
    made = Sites(authority)
    yield made
    made.end()


@pytest.mark.parametrize("way", ROWS, ids=[
    "%s: %s" % (way.file, way.title) for way in ROWS])
def test_way(request, sites, way):
    if way.user != "caller" and os.getuid() != 0:
        pytest.skip("needs root to be somebody else")
    site = sites.of(way)
    request.node.sites = [site]
    RUN[way.place](way, site)


# ---- the table itself --------------------------------------------------------

def option_words():
    """Words of all calls that stand where options do."""
    for row in ROWS:
        for word in row.call[1:]:
            if word == "--":
                break
            if word.startswith("-"):
                yield word


def text_of(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def test_each_letter_is_in_the_table():
    letters = re.findall(r"^\t{ '(.)', TAKES_", text_of(SOURCE), re.M)
    assert len(letters) > 30
    used = {word[:2] for word in option_words()}
    assert not [x for x in letters if "-" + x not in used]


def test_each_option_of_the_page_is_in_the_table():
    """The first column of the options of docs/compatibility.md."""
    table = text_of(PAGE).partition("## Options")[2].partition("\n## ")[0]
    named = [option.split()[0].replace("...", "")
             for line in table.splitlines() if line.startswith("| `")
             for option in re.findall("`([^`]*)`", line.split("|")[1])]
    assert len(named) > 50
    words = [*option_words(), "--"]
    assert not [n for n in named if not any(
        w.startswith(n) for w in words)]


def test_the_page_names_each_file():
    assert {row.file for row in ROWS} == set(re.findall(
        r"`([a-z-]+)\.txt`", text_of(PAGE)))


GOOD = "subject: body\n\n== A title\ncall: sendmail a@b\nstatus: 0\n" \
    "from: x\nto: a@b\nbody:\n| hello\n"


@pytest.mark.parametrize("old, new", [
    ("status: 0\n", ""), ("status: 0", "status: ok"), ("from: x\n", ""),
    ("to: a@b\n", ""), ("body:\n| hello\n", ""), ("status", "Status"),
    ("to: a@b", "to: a@b\nto: a@b"), ("body:", "bodies:"),
    ("call: sendmail a@b\n", ""), ("| hello", "hello"),
    ("| hello", "| \\hello"), ("subject: body", "subject: soul"),
    ("subject: body\n", ""), ("status: 0", "status: 64"),
    ("status: 0", "status: 0\nqueued: nothing"),
    ("status: 0", "status: 0\nquirks: no=thing"),
    ("status: 0", "status: 0\nquirks: stdin=lost"),
    ("status: 0", "status: 0\nplace: daemon"),
    ("status: 0", "status: 0\nplace: moon"),
    ("status: 0", "status: 0\nwire: BODY=x"),
    ("== A title", "== A title\n| text")])
def test_what_a_row_cannot_say(tmp_path, old, new):
    """A row that is misspelt, or asserts too little, is refused."""
    path = tmp_path / "x.txt"
    path.write_text(GOOD)
    assert len(ways.read_file(str(path))) == 1
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ways.Mistake):
        rows = ways.read_file(str(path))
        for row in rows:
            row.text("body")


def test_escapes():
    assert ways.octets(ways.plain(
        r"a\\b\r\n\t\0\x1b\xff\{ab*3}\{\#,*3}")) == \
        b"a\\b\r\n\t\0\x1b\xffababab1,2,3,"
