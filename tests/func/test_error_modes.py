# SPDX-License-Identifier: ISC
"""-oe: who is told of what was found wrong before the message was queued."""

import os

import pytest

from lib.site import USER

GAMES = 5  # somebody who is neither root nor the daemon's user
BAD = "To: bad@@example.net\nSubject: x\n\nhello\n"
NOBODY = "Subject: x\n\nhello\n"
LARGE = "To: a@example.net\nSubject: x\n\n" + 2000 * (70 * "x" + "\n")
PROBLEMS = {"malformed": (65, BAD), "no recipients": (64, NOBODY),
            "too large": (69, LARGE)}

# Of each mode: is stderr told, and is a notice mailed?
MODES = [([], True, False), (["-oep"], True, False), (["-oem"], True, True),
         (["-oew"], True, True), (["-oeq"], False, False),
         (["-oee"], True, True), (["-em"], True, True),
         (["-O", "ErrorMode=m"], True, True)]


@pytest.fixture(params=["daemon", "no daemon"])
def place(request, site):
    """A site where mail stays: in the queue, or in the drop folder."""
    site.conf["queue"].update(delivery="off", message_size_max="100K")
    site.write_conf()
    return site.start() if request.param == "daemon" else site


def waiting(place):
    return len(place.dropped() if place.daemon is None else place.queue())


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("mode, is_told, is_mailed", MODES,
                         ids=[" ".join(m[0]) for m in MODES])
def test_modes(place, problem, mode, is_told, is_mailed):
    status, text = PROBLEMS[problem]
    done = place.sendmail(*mode, "-f", USER, "-t", stdin=text)
    assert done.returncode == (0 if mode == ["-oee"] else status)
    assert bool(done.stderr) == is_told and not done.stdout
    assert waiting(place) == is_mailed


@pytest.mark.parametrize("mode", ["-oem", "-oew", "-oee"])
def test_the_notice(site, server, mode):
    """It goes to the sender, says why, and is answered by nobody."""
    done = site.sendmail(mode, "-f", "boss@example.org", "-t", stdin=BAD)
    assert done.returncode == (0 if mode == "-oee" else 65)
    with open(site.path("spool/drop/" + site.dropped()[0]), "rb") as f:
        assert b"boss@example.org" in f.read()
    site.start()
    m = server.record.wait_messages(1)[0]
    assert m.addresses == ["boss@example.org"]
    assert m.header("To") == "boss@example.org"
    assert m.header("Auto-Submitted") == "auto-replied"
    assert m.header("X-Mailchute-Notice") == "rejected"
    assert b"bad@@example.net: " in m.body


def test_it_has_the_null_sender(holding):
    holding.sendmail("-oem", "-f", USER, "-t", stdin=BAD)
    notice, = holding.queue()
    assert notice["sender"] == ""
    assert [r["address"] for r in notice["recipients"]] == [USER]


def test_cron_s_mail_goes_to_whom_it_ran_for(holding):
    if not holding.is_root:
        pytest.skip("needs root to be somebody else")
    done = holding.sendmail("-FCronDaemon", "-i", "-B8BITMIME", "-oem",
                            "bad@@example.net", uid=GAMES)
    assert done.returncode == 65
    assert [r["original"] for r in holding.recipients().values()] == ["games"]


@pytest.mark.parametrize("mode", ["-oem", "-oee"])
def test_a_null_sender_is_told_by_the_status(place, mode):
    done = place.sendmail(mode, "-f", "", "-t", stdin=NOBODY)
    assert done.returncode == 64 and done.stderr
    assert waiting(place) == 0


def test_a_notice_that_cannot_be_queued(site):
    """Nobody was told, so that the status has to tell."""
    if not site.is_root:
        pytest.skip("needs root to be somebody else")
    os.chmod(site.path("spool/drop"), 0o700)
    done = site.sendmail("-oee", "-t", stdin=BAD, uid=GAMES)
    assert done.returncode == 65 and done.stderr
    assert site.dropped() == []


def test_no_dead_letter(site):
    os.mkdir(site.path("home"))
    os.chmod(site.path("home"), 0o777)
    for mode, _, _ in MODES:
        site.sendmail(*mode, "-t", stdin=BAD, env={"HOME": site.path("home")})
    assert os.listdir(site.path("home")) == []


# ---- some recipients are malformed, and the message is on its way -------------

SOME = "To: a@example.net, bad@@example.net\nSubject: x\n\nhello\n"


@pytest.mark.parametrize("args", [[], ["-oem"], ["-oee"], ["-oeq"],
                                  ["-N", "failure,delay"]])
def test_some_malformed_are_told_by_mail(site, server, args):
    """Whoever finds a word on stderr believes that it failed."""
    site.start()
    done = site.sendmail(*args, "-f", "boss@example.org", "-t", stdin=SOME)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    by_rcpt = {m.addresses[0]: m for m in server.record.wait_messages(2)}
    assert sorted(by_rcpt) == ["a@example.net", "boss@example.org"]
    notice = by_rcpt["boss@example.org"]
    assert notice.header("X-Mailchute-Notice") == "rejected"
    assert b"bad@@example.net: " in notice.body


@pytest.mark.parametrize("args", [["-f", ""], ["-N", "never", "-f", USER],
                                  ["-N", "delay", "-f", USER]])
def test_some_malformed_and_nobody_to_mail(place, args):
    """Then the caller alone can be told."""
    done = place.sendmail(*args, "-t", stdin=SOME)
    assert done.returncode == 0
    assert "bad@@example.net" in done.stderr
    assert waiting(place) == 1


def test_many_malformed(place):
    bad = ", ".join("bad%d@@example.net" % n for n in range(15))
    done = place.sendmail("-N", "never", "-f", USER, "-t", "a@example.net",
                          stdin="To: %s\n\nx\n" % bad)
    assert done.returncode == 0 and "5 more" in done.stderr
    assert waiting(place) == 1


@pytest.mark.parametrize("notify", ["never", "success"])
@pytest.mark.parametrize("mode, status", [("-oem", 65), ("-oee", 65)])
def test_a_sender_who_wants_no_mail(place, mode, status, notify):
    done = place.sendmail(mode, "-N", notify, "-f", USER, "-t", stdin=BAD)
    assert done.returncode == status and done.stderr
    assert waiting(place) == 0
