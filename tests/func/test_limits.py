# SPDX-License-Identifier: ISC
"""100,000 recipients, and one more: as operands, from the header, of a daemon.

tests/data/ways/limits.txt has the limits of one header; tests/unit/linear.c
shows that the work for all of them is linear."""

import resource

import pytest

from lib.site import USER
from lib.wayrun import read_drop

MOST = 100000
DATAERR = 65


def addresses(count):
    return ["r%d@b.x" % n for n in range(count)]


def more_room():
    """A command line may have a quarter of the stack."""
    _, hard = resource.getrlimit(resource.RLIMIT_STACK)
    room = 64 * 1024 * 1024
    if hard != resource.RLIM_INFINITY and hard < room:
        room = hard
    resource.setrlimit(resource.RLIMIT_STACK, (room, hard))


def call(site, *args, **how):
    return site.sendmail("-i", "-f", USER, *args, preexec_fn=more_room, **how)


@pytest.fixture
def dropped(site):
    """What lies in the drop folder after a call that must succeed."""
    def get(*args, **how):
        done = call(site, *args, **how)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        name, = site.dropped()
        return read_drop(site.path("spool/drop/" + name))
    return get


def test_as_operands(dropped):
    assert dropped("--", *addresses(MOST)).rcpts == addresses(MOST)


def test_as_operands_of_several_addresses(dropped):
    words = [",".join(addresses(MOST)[n:n + 1000])
             for n in range(0, MOST, 1000)]
    assert dropped("--", *words).rcpts == addresses(MOST)


def test_as_operands_and_in_the_header(dropped):
    half = MOST // 2
    message = dropped("-t", "--", *addresses(MOST)[:half], stdin=(
        "To: %s\n\nhello\n" % ", ".join(addresses(MOST)[half:])))
    assert message.rcpts == addresses(MOST)


def test_one_too_many_operands(site):
    done = call(site, "--", *addresses(MOST + 1))
    assert done.returncode == DATAERR
    assert "more than 100000 recipients" in done.stderr
    assert site.dropped() == []


def test_a_double_is_not_one_too_many(dropped):
    assert dropped("--", *addresses(MOST), "R0@B.X").rcpts == \
        addresses(MOST)


@pytest.mark.parametrize("has_daemon", [True, False],
                         ids=["by the socket", "by the drop folder"])
def test_a_daemon_takes_all(site, has_daemon):
    site.conf["queue"]["delivery"] = "off"
    if has_daemon:
        site.start()
    else:
        site.write_conf()
    done = call(site, "--", *addresses(MOST))
    assert (done.returncode, done.stderr) == (0, "")
    if not has_daemon:
        site.start()
    site.log.wait_for("queued")
    assert site.database("select count(*), count(distinct address) "
                         "from recipient") == [(MOST, MOST)]
    assert "-- " in site.mailq().splitlines()[-1]
