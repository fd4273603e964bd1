# SPDX-License-Identifier: ISC
"""sendmail -bs: SMTP on standard input and output, from end to end.

What is said in a dialogue is in tests/smtp; here is what becomes of the mail.
"""

import os
import re
import signal
import smtplib
import subprocess

import pytest

from lib.bs import Bs, Smtp
from lib.disk import MIB, Disk
from lib.notify import DEADLINE, wait_end
from lib.site import USER, program, sanitized
from lib.stand import is_whole

needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")

HEAD = "From: Alerts <%s>\r\nTo: a@example.net\r\nSubject: x\r\n\r\n" % USER
ENVELOPE = "MAIL FROM:<%s>\r\nRCPT TO:<a@example.net>\r\nDATA\r\n" % USER
MESSAGE = ENVELOPE + HEAD + "hello\r\n.\r\n"
TEMPFAIL, NOINPUT, IOERR = 75, 66, 74


def bs(site, octets, *args, **how):
    """All at once, ahead of the greeting: the exit status and the replies."""
    done = site.sendmail("-bs", *args, stdin=octets, **how)
    assert done.stderr == ""
    assert done.stdout.endswith("\r\n") and "\n" not in \
        done.stdout.replace("\r\n", "")
    return done.returncode, done.stdout.split("\r\n")[:-1]


def whole(site):
    """Drop files that have their end."""
    return [name for name in site.dropped()
            if is_whole(site.path("spool/drop/" + name))]


# ---- what arrives -------------------------------------------------------------

def test_all_at_once(running, server):
    status, replies = bs(running, "EHLO web02\r\n" + MESSAGE + "QUIT\r\n")
    assert status == 0
    assert [r[:3] for r in replies] == ["220"] + 8 * ["250"] + [
        "250", "250", "354", "250", "221"]
    m = server.record.wait_messages(1)[0]
    assert (m.sender, m.addresses) == (USER, ["a@example.net"])
    assert m.body == b"hello\r\n"


def test_options_of_alpine_and_nmh(running, server):
    for args in (["-odb", "-oem"], ["-odb", "-oem", "-om"], ["-t", "-i", "-v"],
                 ["-f", "other@example.net", "x@example.net"]):
        assert bs(running, MESSAGE, *args)[0] == 0
    server.record.wait_messages(4)
    running.wait_empty()
    assert [m.addresses for m in server.record.accepted] == \
        4 * [["a@example.net"]]


def test_the_octets_of_the_body(make_site, make_server):
    """All that SMTP can carry arrives as it was."""
    server = make_server(provider="smtp")
    site = make_site(server, provider="smtp", auth="plain",
                     rewrite="never").start()
    lines = [bytes([x]) + b"." + bytes(range(1, 256)).translate(
        None, b"\r\n") for x in range(1, 256) if x not in b"\r\n"]
    body = b"\r\n".join([b".", b"..", b".x", b"", *lines, b"", b""])
    with Smtp(site) as client:
        client.ehlo()
        client.mail(USER, ["BODY=8BITMIME"])
        client.rcpt("a@example.net")
        code, said = client.data(HEAD.encode() + body)
        assert code == 250 and said.startswith(b"2.0.0 queued as ")
        client.quit()
    m = server.record.wait_messages(1)[0]
    assert m.body == body
    assert m.mail_params["BODY"] == "8BITMIME"


def test_python_s_own_client(running, server):
    """smtplib, message after message, with a refusal among them."""
    with Smtp(running) as client:
        for n in range(3):
            client.sendmail(USER, ["r%d@example.net" % n],
                            HEAD + "%d\n.\n..\n" % n)
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.sendmail(USER, ["wrong@"], HEAD)
        assert refused.value.recipients["wrong@"][0] == 501
        client.sendmail(USER, ["r3@example.net", "wrong@"], HEAD + "3\n.\n..\n")
        client.quit()
    messages = server.record.wait_messages(4)
    assert sorted((m.addresses, m.body) for m in messages) == [
        (["r%d@example.net" % n], b"%d\r\n.\r\n..\r\n" % n) for n in range(4)]


@pytest.mark.parametrize("size", [1000, 100 * 1000, MIB + 7])
def test_chunks(running, server, size):
    """Lines, and the octets of CRLF, are cut wherever a chunk ends."""
    lines = ["%07d .\r\n.\r\n\r\nQUIT\r\n" % i for i in range(3 * MIB // 21)]
    text = HEAD + "".join(lines)
    cut = [text[i:i + size] for i in range(0, len(text), size)]
    chunks = "".join("BDAT %d%s\r\n%s" % (len(c), " LAST" * (i == len(cut) - 1),
                                          c) for i, c in enumerate(cut))
    status, replies = bs(running, ENVELOPE.replace("DATA\r\n", "") + chunks +
                         "QUIT\r\n")
    assert status == 0
    assert [r[:3] for r in replies] == ["220"] + (2 + len(cut)) * ["250"] + ["221"]
    m = server.record.wait_messages(1)[0]
    assert m.body == "".join(lines).encode()


def test_half_a_message_of_chunks_is_none(holding):
    """The last chunk is missing, or a part of it."""
    envelope = ENVELOPE.replace("DATA\r\n", "")
    for chunks in ["BDAT 5\r\nhello", "BDAT 5\r\nhelloBDAT 5 LAST\r\nbye\n",
                   "BDAT 5\r\nhelloRSET\r\n", "BDAT 5\r\nhelloQUIT\r\n",
                   "BDAT %d\r\n%s" % (3 * MIB, "x" * 2 * MIB)]:
        assert bs(holding, envelope + chunks)[0] == 0
    assert holding.queue() == []


def test_the_queue_id_is_told(holding):
    with Bs(holding).open("a@example.net") as client:
        client.send(HEAD + "hello\r\n.\r\n")
        said = client.reply()
        queue_id = re.fullmatch(r"250 2\.0\.0 queued as ([0-9A-F]{12})",
                                said).group(1)
        assert [m["id"] for m in holding.queue()] == [queue_id]
        assert client.cmd("QUIT") == "221 2.0.0 bye"
        assert client.end() == (0, "")


def test_dsn_reaches_the_wire(running, server):
    status, _ = bs(running, (
        "MAIL FROM:<%s> RET=HDRS ENVID=env+2B17\r\n"
        "RCPT TO:<a@example.net> NOTIFY=SUCCESS,DELAY "
        "ORCPT=rfc822;o+2Bp@example.org\r\n"
        "RCPT TO:<b@example.net> NOTIFY=NEVER\r\nDATA\r\n" % USER)
        + HEAD + "hello\r\n.\r\n")
    assert status == 0
    m = server.record.wait_messages(1)[0]
    assert m.mail_params["RET"].upper() == "HDRS"
    assert m.mail_params["ENVID"] == "env+2B17"
    params = dict(m.recipients)
    assert set(params["a@example.net"]["NOTIFY"].upper().split(",")) == {
        "SUCCESS", "DELAY"}
    assert params["a@example.net"]["ORCPT"] == "rfc822;o+2Bp@example.org"
    assert params["b@example.net"]["NOTIFY"].upper() == "NEVER"


def test_bcc_as_a_second_message(running, server):
    """As nmh sends it."""
    second = ("MAIL FROM:<%s>\r\nRCPT TO:<hidden@example.net>\r\nDATA\r\n"
              "From: %s\r\nBCC:\r\nSubject: x\r\n\r\nblind\r\n.\r\n" % (
                  USER, USER))
    status, replies = bs(running, "EHLO x\r\n" + MESSAGE + second)
    assert status == 0
    ids = [r.split()[-1] for r in replies if "queued as" in r]
    assert len(set(ids)) == 2
    messages = {m.addresses[0]: m for m in server.record.wait_messages(2)}
    assert messages["a@example.net"].body == b"hello\r\n"
    hidden = messages["hidden@example.net"]
    assert hidden.body == b"blind\r\n"
    assert hidden.header("Bcc") is None and hidden.header("To") is None


def test_a_local_name(running, server):
    """Aliases and domains are the daemon's affair."""
    status, _ = bs(running, "MAIL FROM:<root>\r\nRCPT TO:<root>\r\nDATA\r\n"
                            "To: root\r\n\r\nhello\r\n.\r\n")
    assert status == 0
    m = server.record.wait_messages(1)[0]
    assert m.addresses == ["it@contoso.example"]
    assert m.header("To") == "root@contoso.example"


def test_nothing_is_smuggled(running, server):
    """A client of CRLF passes on the text of somebody who writes LF."""
    evil = ("hello\n.\nMAIL FROM:<%s>\r\nRCPT TO:<victim@example.net>\r\n"
            "DATA\r\nSubject: y\r\n\r\nsecond\n.\r\nRSET\r\n" % USER)
    status, _ = bs(running, ENVELOPE + HEAD + evil + ".\r\nQUIT\r\n")
    assert status == 0
    m = server.record.wait_messages(1)[0]
    running.wait_empty()
    assert m.addresses == ["a@example.net"]
    assert b"RCPT TO:<victim@example.net>\r\n" in m.body
    assert len(server.record.accepted) == 1


@needs_root
def test_the_caller_is_who_submits(holding):
    assert bs(holding, MESSAGE, uid=5)[0] == 0
    assert [m["uid"] for m in holding.queue()] == [5]


# ---- without a daemon ---------------------------------------------------------

def test_the_drop_folder(site, server):
    status, replies = bs(site, MESSAGE + MESSAGE.replace("a@", "b@"))
    assert status == 0
    assert replies[-1] == \
        "250 2.0.0 safe in the drop folder until mailchuted runs"
    assert len(whole(site)) == 2
    site.start()
    assert sorted(m.addresses[0] for m in server.record.wait_messages(2)) == [
        "a@example.net", "b@example.net"]
    site.wait_empty()
    assert len(server.record.accepted) == 2 and not site.dropped()


def test_a_missing_folder(site):
    os.rmdir(site.path("spool/drop"))
    with Bs(site, uid=5).open("a@example.net") as client:
        client.send(HEAD + "hello\r\n.\r\n")
        assert re.match(r"451 4\.3\.\d the message was not queued: ",
                        client.reply())
        # and the session goes on
        assert client.cmd("NOOP") == "250 2.0.0 ok"
        assert client.end() == (0, "")


@needs_root
def test_a_full_disk(site):
    disk = Disk(site.path("spool/drop"), 2 * MIB)
    try:
        disk.fill(leave=MIB)  # of which free_space_min leaves nothing
        status, replies = bs(site, MESSAGE)
        assert status == 0
        assert re.match(r"452 4\.3\.1 ", replies[-1])
        disk.empty()
        assert site.dropped() == []
        assert bs(site, MESSAGE)[1][-1].startswith("250 2.0.0 ")
        assert len(whole(site)) == 1
    finally:
        disk.close()


def test_a_folder_of_others_gets_nothing(site):
    """The file of -C names it: no web program's option shall write files."""
    os.chmod(site.path("spool/drop"), 0o777)
    status, replies = bs(site, MESSAGE)
    assert status == 0
    assert replies[-1].startswith("451 4.3.5 ")
    assert site.dropped() == []


# ---- refusals -----------------------------------------------------------------

def test_limits_of_a_user(holding):
    if not holding.is_root:
        pytest.skip("needs root to be somebody else")
    holding.stop()
    holding.conf["queue"].update(uid_messages=1)
    holding.start()
    status, replies = bs(holding, MESSAGE + MESSAGE, uid=5)
    assert status == 0
    assert [r[:9] for r in replies if r[4:9] in ("2.0.0", "4.5.3")] == [
        "250 2.0.0", "452 4.5.3"]
    assert len(holding.queue()) == 1


def test_no_room_for_mail(holding):
    holding.stop()
    holding.conf["queue"].update(free_space_min="1024G")
    holding.start()
    status, replies = bs(holding, MESSAGE)
    assert status == 0
    assert re.match(r"45[12] 4\.\d\.\d ", replies[-1])
    assert holding.queue() == []


def test_too_large(holding):
    holding.stop()
    holding.conf["queue"].update(message_size_max="2M")
    holding.start()
    text = HEAD + ("x" * 70 + "\r\n") * (3 * MIB // 72) + ".\r\n"
    announced = "MAIL FROM:<%s> SIZE=%d\r\n" % (USER, len(text))
    status, replies = bs(holding, "EHLO x\r\n" + announced + ENVELOPE + text
                         + MESSAGE + "QUIT\r\n")
    assert status == 0
    assert "250-SIZE %d" % (2 * MIB) in replies
    assert [r[:9] for r in replies[9:]] == [
        "552 5.3.4", "250 2.1.0", "250 2.1.5", "354 the m", "552 5.3.4",
        "250 2.1.0", "250 2.1.5", "354 the m", "250 2.0.0", "221 2.0.0"]
    assert len(holding.queue()) == 1


# ---- the client's end, and ours -----------------------------------------------

@pytest.mark.parametrize("has_daemon", [True, False])
@pytest.mark.parametrize("size", [10, 3 * MIB])
def test_half_a_message_is_none(site, has_daemon, size):
    """The client is gone in the text, before it or beyond memory's limit."""
    site.conf["queue"]["delivery"] = "off"
    if has_daemon:
        site.start()
    with Bs(site).open("a@example.net") as client:
        client.send(HEAD + ("x" * 70 + "\r\n") * (size // 72))
        assert client.end() == (0, "")
    assert site.dropped() == []
    if has_daemon:
        assert site.queue() == []
        site.wait(lambda: site.database("select count(*) from message") ==
                  [(0,)], "nothing of it in the queue")


@pytest.mark.parametrize("has_daemon", [True, False])
@pytest.mark.parametrize("size", [10, 3 * MIB])
def test_killed_in_the_text(site, server, has_daemon, size):
    if has_daemon:
        site.start()
    with Bs(site).open("half@example.net") as client:
        client.send(HEAD + ("x" * 70 + "\r\n") * (size // 72))
        client.proc.send_signal(signal.SIGKILL)
        client.proc.wait(DEADLINE)
    assert whole(site) == []
    if not has_daemon:
        site.start()
    assert bs(site, MESSAGE)[0] == 0
    server.record.wait_messages(1)
    site.wait_empty()
    assert [m.addresses for m in server.record.accepted] == [
        ["a@example.net"]]


def test_a_client_that_does_not_hear_the_answer(holding):
    """The message is queued before it is answered, and stays."""
    with Bs(holding).open("a@example.net") as client:
        client.proc.stdout.close()
        client.send(HEAD + "hello\r\n.\r\n")
        client.proc.stdin.close()
        client.proc.stdin = client.proc.stdout = None
        assert wait_end(client.proc.pid)
        assert client.proc.wait(DEADLINE) == IOERR
    assert len(holding.queue()) == 1


def test_a_closed_input_is_no_empty_mail(holding):
    done = subprocess.run(
        [program("sendmail"), "-bs", "-C", holding.conf_path], cwd="/",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: os.close(0), env=holding.environment(),
        timeout=DEADLINE)
    assert (done.returncode, done.stderr) == (NOINPUT, b"")
    assert done.stdout.startswith(b"220 ")
    assert done.stdout.splitlines()[-1].startswith(b"421 4.3.0 ")
    assert holding.queue() == []


def test_a_daemon_that_ends_in_the_text(running, server):
    """What is in memory takes the drop folder."""
    with Bs(running).open("a@example.net") as client:
        client.send(HEAD)
        running.stop()
        client.send("hello\r\n.\r\n")
        assert client.reply().startswith("250 2.0.0 safe in the drop folder")
        assert client.end() == (0, "")
    running.start()
    assert server.record.wait_messages(1)[0].body == b"hello\r\n"


def test_a_large_message_and_the_daemon_dies(running):
    """More than memory holds cannot be told twice: refused for now."""
    with Bs(running).open("a@example.net") as client:
        client.send(HEAD + ("x" * 70 + "\r\n") * (3 * MIB // 72))
        running.kill()
        client.send("end\r\n.\r\n")
        assert re.match(r"451 4\.\d\.\d the message was not queued, try again",
                        client.reply())
        assert client.end() == (0, "")
    assert whole(running) == []


@needs_root
def test_smtpd_that_cannot_be_started(site):
    """The client hears it, as SMTP; and so do the log and the caller."""
    done = site.run(
        ["unshare", "-m", "sh", "-c", 'mount --make-rprivate / && '
         'mount --bind "$1" "$2" && shift 2 && exec "$@"', "sh",
         site.write("none", "", 0o644), program("smtpd"), program("sendmail"),
         "-bs", "-C", site.conf_path])
    assert done.returncode == TEMPFAIL
    assert done.stdout.startswith("421 4.3.0 cannot start ")
    assert done.stderr.startswith("sendmail: cannot start ")


def test_options_of_smtpd(site):
    assert site.run([program("smtpd"), "-x"]).returncode == 64
    assert site.run([program("smtpd"), "operand"]).returncode == 64


# ---- memory -------------------------------------------------------------------

def peak(pid):
    """The most memory that a process has had, in MiB."""
    with open("/proc/%d/status" % pid) as f:
        fields = dict(line.split(":", 1) for line in f if ":" in line)
    return int(fields["VmHWM"].split()[0]) / 1024


@pytest.mark.parametrize("has_daemon", [True, False])
def test_memory_does_not_grow_with_the_message(site, has_daemon):
    """100 MiB, to a daemon and into the drop folder."""
    site.conf["queue"].update(message_size_max="200M", delivery="off")
    if has_daemon:
        site.start()
    else:
        site.write_conf()
    piece = ("x" * 70 + "\r\n").encode() * 1024
    with Bs(site).open("a@example.net") as client:
        client.send(HEAD)
        for _ in range(100 * MIB // len(piece) + 1):
            client.send(piece)
        client.send("end\r\n.\r\n")
        assert client.reply().startswith("250 2.0.0 ")
        mib = peak(client.proc.pid)
        print("%.1f MiB" % mib)
        # OpenSSL, which listeners need, is more than a MiB of it.
        assert sanitized() or mib <= 6
        assert client.end() == (0, "")
    if has_daemon:
        assert site.queue()[0]["size"] > 100 * MIB
    else:
        assert len(whole(site)) == 1
