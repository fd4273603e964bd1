# SPDX-License-Identifier: ISC
"""Real programs, as Debian has them, that send mail by an installed mailchute.

Each test has a Debian of its own, without any network but loopback.
"""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

pytest.register_assert_rewrite("lib.tried")

from lib import tried  # noqa: E402
from lib.fixtures import *  # noqa: E402,F401,F403
from lib.host import Host, made  # noqa: E402
from lib.netns import own_network  # noqa: E402

def pytest_collection_modifyitems(items):
    if os.getuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(
                reason="needs root for a Debian of its own"))


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        os.makedirs(os.path.dirname(tried.rows_file()), exist_ok=True)
        with open(tried.rows_file(), "w"):
            pass


def pytest_sessionfinish(session):
    """One that was not run, for whatever reason, is a failure."""
    if not hasattr(session.config, "workerinput") and tried.not_run():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write("\n" + tried.write_table())


@pytest.fixture
def host(authority, make_server, request):
    """Started; mail goes to a server as Exchange Online."""
    made()  # by the other network
    with own_network():
        server = make_server()
        with Host(server, authority) as one:
            request.node.host = one
            one.start()
            yield one
            for connection in server.record.connections:
                assert not connection.messages or (
                    connection.tls and connection.user), connection
            assert not server.record.secrets_in_clear


@pytest.fixture
def judge(host, request):
    made = tried.Judge(host)
    yield made
    if request.node.passed:
        made.nothing_else()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    host = getattr(item, "host", None)
    item.passed = report.when == "call" and report.passed
    if report.when == "call" and report.failed and host is not None:
        report.sections += [("log", host.log()), (
            "what the server saw", host.server.record.text())]
