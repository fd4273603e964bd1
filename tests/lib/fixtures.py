# SPDX-License-Identifier: ISC
"""The fixtures; tests/func/conftest.py imports them."""

import os
import tempfile

import pytest

from exchange import Authority, Exchange

from . import canary
from .guard import folder, guarded  # noqa: F401
from .legacy import make_pair  # noqa: F401
from .site import USER, Site
from .tokens import entra, imds, make_entra, make_proxy  # noqa: F401
from .unsteady import (pytest_sessionfinish,  # noqa: F401
                       pytest_terminal_summary)


@pytest.fixture(scope="session")
def authority():
    """A certificate authority, made once; the daemon's user reads its root,
    which he could not below pytest's own folders."""
    with tempfile.TemporaryDirectory(prefix="mailchute-ca-") as directory:
        os.chmod(directory, 0o755)
        yield Authority(directory)


@pytest.fixture
def make_server(authority):
    """Starts servers of tests/exchange; each with a good certificate."""
    made = []

    def make(certificate="good", **options):
        if certificate == "good":
            certificate = authority.issue("localhost")
        server = Exchange(certificate, **options)
        server.up()
        made.append(server)
        return server
    yield make
    for server in made:
        server.stop()


@pytest.fixture
def make_site(request, authority):
    """Makes sites; closes and checks them at the end of the test."""
    made = []

    def make(server=None, **account):
        account.setdefault("tls_ca_file", authority.roots)
        site = Site(server, **account)
        if server is not None:
            server.options.users.setdefault(USER, site.password)
            server.options.tokens.setdefault(USER, site.token)
        made.append(site)
        request.node.sites = made
        return site
    yield make
    for site in made:
        site.close()
    try:
        for site in made:
            site.check()
    finally:
        canary.heard.clear()
        for site in made:
            site.remove()


@pytest.fixture
def server(make_server):
    """A server as Exchange Online."""
    return make_server()


@pytest.fixture
def site(make_site, server):
    """A site for that server; its daemon is not started yet."""
    return make_site(server)


@pytest.fixture
def running(site):
    """The same, started."""
    return site.start()


@pytest.fixture
def holding(site):
    """Started, but it delivers nothing."""
    site.conf["queue"]["delivery"] = "off"
    return site.start()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows the log, the queue and what the server saw."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for site in getattr(item, "sites", ()):
            report.sections += site.report()
