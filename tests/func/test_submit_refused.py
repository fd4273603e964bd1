# SPDX-License-Identifier: ISC
"""What sendmail refuses: the exit status, the reason, and nothing queued."""

import os
import subprocess

import pytest

from lib.site import USER, program

USAGE, DATAERR, NOINPUT, UNAVAILABLE, TEMPFAIL, NOPERM = 64, 65, 66, 69, 75, 77
TEXT = "From: %s\nTo: a@example.net\nSubject: x\n\nhello\n" % USER

needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")


def refused(site, status, *args, **how):
    done = site.sendmail(*args, **how)
    assert done.returncode == status, done
    assert done.stderr.strip(), "a refusal says why"
    assert not done.stdout
    assert site.queue() == []
    assert site.dropped() == []
    return done.stderr


@pytest.mark.parametrize("args, stdin", [
    ([], TEXT), (["-i"], TEXT), (["-t"], "Subject: x\n\nx\n"),
    (["-t"], ""), (["-i", "--"], TEXT),
    (["-t"], "To: undisclosed-recipients:;\n\nx\n")])
def test_no_recipients(holding, args, stdin):
    refused(holding, USAGE, *args, stdin=stdin)


@pytest.mark.parametrize("option", [
    "-z", "-bt", "-ba", "-bz", "-bs7", "-bP", "-M1", "-Q", "-J", "-T5d",
    "-qG", "-qQ", "-qL", "-q5x", "-\u00e9", "--unknown"])
def test_options_refused(holding, option):
    refused(holding, USAGE, option, "a@example.net", stdin=TEXT)


@pytest.mark.parametrize("option", ["-f", "-F", "-B", "-C", "-O"])
def test_argument_missing(holding, option):
    done = holding.run([program("sendmail"), "-C", holding.conf_path, option],
                       TEXT)
    assert done.returncode == USAGE and done.stderr


LONG = "a" * 65 + "@example.net"
DOMAIN = "a@" + "b" * 64 + ".example.net"
WHOLE = "a@" + ("b" * 60 + ".") * 5 + "example.net"


@pytest.mark.parametrize("address", [
    "a@", "@example.net", "a@b@example.net", "a@-x.example",
    "<a@example.net", "a@example..net", "a..b@example.net",
    ".a@example.net", "a@[300.1.2.3]", LONG, DOMAIN, WHOLE])
def test_malformed_address(holding, address):
    refused(holding, DATAERR, "-i", "--", address, stdin=TEXT)


@pytest.mark.parametrize("byte", ["\r", "\n", "\r\n", "\x01", "\x1b", "\x7f"])
@pytest.mark.parametrize("where", ["operand", "-f", "-F", "-r"])
def test_control_bytes(holding, where, byte):
    if where == "operand":
        args = ["-i", "a%sb@example.net" % byte]
    elif where == "-F":
        args = ["-i", "-F", "a%sb" % byte, "a@example.net"]
    else:
        args = ["-i", where, "a%sBcc: x@example.net" % byte, "a@example.net"]
    refused(holding, DATAERR, *args, stdin="Subject: x\n\nx\n")


@pytest.mark.parametrize("operand", [
    "|/bin/mail", "/var/mail/x", ":include:/etc/passwd"])
def test_targets_of_aliases_are_no_operands(holding, operand):
    refused(holding, DATAERR, "-i", "--", operand, stdin=TEXT)


def test_a_header_without_end(holding):
    field = "X-Field: %s\n" % (60 * "x")
    refused(holding, DATAERR, "-i", "a@example.net",
            stdin=(1024 * 1024 // len(field) + 1) * field + "\nx\n")


def test_control_byte_in_a_header_address(holding):
    refused(holding, DATAERR, "-t", stdin="To: a\x01b@example.net\n\nx\n")


def test_one_good_address_among_bad_ones(holding):
    done = holding.sendmail("-t", stdin="To: good@example.net, bad@@x\n\nx\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(holding.queue()) == 2  # the message, and a notice
    assert "good@example.net" in holding.recipients()


def test_bad_sender(holding):
    refused(holding, DATAERR, "-f", "a@@b", "a@example.net", stdin=TEXT)


def test_too_large(site):
    site.conf["queue"].update(message_size_max="100K", delivery="off")
    site.start()
    text = refused(site, UNAVAILABLE, "-i", "-f", USER, "a@example.net",
                   stdin=TEXT + ("x" * 70 + "\n") * 2000)
    assert "100" in text or "102400" in text
    site.submit("a@example.net", stdin=TEXT + ("x" * 70 + "\n") * 1000)


def test_much_too_large_from_a_pipe(site):
    """Beyond the memory of sendmail, so that the daemon refuses it."""
    site.conf["queue"].update(message_size_max="3M", delivery="off")
    site.start()
    refused(site, UNAVAILABLE, "-i", "-f", USER, "a@example.net",
            stdin=TEXT + ("x" * 70 + "\n") * 100000)


def test_too_large_without_a_daemon(site):
    site.conf["queue"]["message_size_max"] = "100K"
    site.write_conf()
    done = site.sendmail("-i", "a@example.net",
                         stdin=TEXT + ("x" * 70 + "\n") * 2000)
    assert done.returncode == UNAVAILABLE
    assert site.dropped() == []


def test_stdin_closed(holding):
    done = holding.run(["/bin/sh", "-c", 'exec "$@" <&-', "sh",
                        program("sendmail"), "-C", holding.conf_path, "-i",
                        "a@example.net"])
    assert done.returncode == NOINPUT and done.stderr
    assert holding.queue() == []


def test_stdin_unreadable(holding):
    """Reading a directory fails: a read error is no empty message."""
    fd = os.open("/", os.O_RDONLY)
    done = holding.run([program("sendmail"), "-C", holding.conf_path, "-i",
                        "a@example.net"], stdin=fd)
    os.close(fd)
    assert done.returncode == NOINPUT and done.stderr
    assert holding.queue() == []


@pytest.mark.parametrize("option", ["-oeq", "-eq"])
def test_quiet(holding, option):
    done = holding.sendmail(option, stdin=TEXT)
    assert (done.returncode, done.stderr) == (USAGE, "")


def test_writer_dies(holding):
    """EOF ends a message, however it came: cron's half output is mail too."""
    proc = subprocess.Popen(
        ["/bin/sh", "-c", "printf 'Subject: x\\n\\nhalf'; kill -9 $$"],
        stdout=subprocess.PIPE)
    done = holding.run([program("sendmail"), "-C", holding.conf_path, "-i",
                        "a@example.net"], stdin=proc.stdout)
    proc.wait()
    proc.stdout.close()
    assert done.returncode == 0
    assert len(holding.queue()) == 1


def test_wrong_configuration_loses_no_mail(site, server):
    """A typing mistake must not lose cron's mail: exit 78 is no answer."""
    site.start()
    with open(site.conf_path, "a") as f:
        f.write("[queue]\nno_such_option = 1\n[nonsense\n")
    done = site.sendmail("-i", "-f", USER, "a@example.net", stdin=TEXT)
    assert (done.returncode, done.stderr) == (0, "")
    server.record.wait_messages(1)


def test_limits_of_a_user(site):
    if not site.is_root:
        pytest.skip("needs root to be somebody else")
    site.conf["queue"].update(uid_messages=3, delivery="off")
    site.start()
    for _ in range(3):
        assert site.sendmail("-i", "a@example.net", uid=5).returncode == 0
    done = site.sendmail("-i", "a@example.net", uid=5)
    assert done.returncode == TEMPFAIL and done.stderr
    assert site.sendmail("-i", "a@example.net", uid=6).returncode == 0
    assert site.sendmail("-i", "a@example.net").returncode == 0
    assert len(site.queue()) == 5


def test_free_space_floor(site):
    site.conf["queue"].update(free_space_min="1024G", delivery="off")
    site.start()
    done = site.sendmail("-i", "a@example.net", stdin=TEXT)
    assert done.returncode == TEMPFAIL, done
    assert "space" in done.stderr or "full" in done.stderr
    assert site.queue() == []


@needs_root
@pytest.mark.parametrize("users, uid, is_admitted", [
    ("games", 5, True), ("root @games", 5, True), ("root", 5, False),
    ("@nogroup", 5, False), ("root", 0, True), ("all", 5, True)])
def test_who_may_send_by_the_account(site, users, uid, is_admitted):
    """Told at the socket, with what to change."""
    site.conf["account"]["users"] = users
    site.conf["queue"]["delivery"] = "off"
    site.start()
    if is_admitted:
        done = site.sendmail("-i", "a@example.net", stdin=TEXT, uid=uid)
        assert (done.returncode, done.stderr) == (0, "")
        assert len(site.queue()) == 1
    else:
        said = refused(site, NOPERM, "-i", "a@example.net", stdin=TEXT,
                       uid=uid)
        assert "users" in said


@pytest.mark.parametrize("args, status", [
    (["-i"], USAGE), (["-z", "a@example.net"], USAGE),
    (["-i", "--", "a@"], DATAERR), (["-i", "--", "a\rb@example.net"], DATAERR),
    (["-f", "a\nb@example.net", "a@example.net"], DATAERR),
    (["-F", "a\x1bb", "a@example.net"], DATAERR)])
def test_the_same_without_a_daemon(site, args, status):
    """What can be judged without it is, and leaves no drop file."""
    done = site.sendmail(*args, stdin=TEXT)
    assert (done.returncode, done.stdout) == (status, "") and done.stderr
    assert site.dropped() == []
