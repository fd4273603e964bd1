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
