# SPDX-License-Identifier: ISC
"""Tests that failed, and passed when they were tried once more.

"./dev check" tries again, by pytest-rerunfailures, since it runs thousands of
tests beside one another, and one that the machine disturbed says nothing of
the change that is checked.  Such a one is told with all that it said, since
it is to be mended, and many are no accident.
"""

import pytest

MAX = 3


def _unsteady(reporter):
    failed = {report.nodeid for outcome in ("failed", "error")
              for report in reporter.stats.get(outcome, [])}
    return [report for report in reporter.stats.get("rerun", [])
            if report.nodeid not in failed]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and len(_unsteady(reporter)) > MAX:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    reports = _unsteady(terminalreporter)
    for report in reports:
        terminalreporter.write_sep("_", "unsteady: " + report.nodeid)
        terminalreporter.write_line(report.longreprtext)
    for report in reports:
        crash = getattr(report.longrepr, "reprcrash", None)
        terminalreporter.write_line("UNSTEADY %s - %s" % (
            report.nodeid, crash and crash.message.split("\n")[0]))
    if len(reports) > MAX:
        terminalreporter.write_line(
            "error: more than %d tests are unsteady" % MAX)
