# SPDX-License-Identifier: ISC
"""Listeners: who comes in from the network, and what becomes of the mail."""

import contextlib
import os
import signal
import smtplib
import socket
import struct
import threading

import pytest

from lib.notify import DEADLINE, wait_end, wait_until
from lib.ports import free_port
from lib.site import USER, sanitized

TO = "a@example.net"
TEXT = "From: Scanner <%s>\r\nTo: %s\r\nSubject: scan\r\n\r\n%%s\r\n" % (USER, TO)


def add_listener(site, name="scan", **options):
    """One on a port of its own, before the daemon starts.

    A client that comes again at once may find its last places still taken,
    by an smtpd that is about to end."""
    port = free_port()
    if "connections" not in options:
        options.setdefault("client_connections", 32)
    site.conf["listen " + name] = {"port": port,
                                   **{k: str(v) for k, v in options.items()}}
    return port


class Client(smtplib.SMTP):
    def __init__(self, port, **how):
        super().__init__("127.0.0.1", port, local_hostname="copier",
                         timeout=DEADLINE, **how)


def send(port, text="hello", sender=USER):
    with Client(port) as c:
        return c.sendmail(sender, [TO], TEXT % text)


# ---- what arrives -------------------------------------------------------------

def test_a_device_s_mail_arrives(site, server):
    port = add_listener(site)
    site.start()
    with Client(port) as c:
        for i in range(3):
            c.sendmail(USER, [TO], TEXT % ("message %d" % i))
    messages = server.record.wait_messages(3)
    assert sorted(m.body for m in messages) == [
        b"message %d\r\n" % i for i in range(3)]
    received = [line for line in messages[0].raw.split(b"\r\n")
                if line.startswith(b"Received: from copier ([127.0.0.1])")]
    assert len(received) == 1


def test_250_means_committed(site):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site)
    site.start()
    with Client(port) as c:
        c.ehlo()
        c.mail(USER)
        c.rcpt(TO)
        code, text = c.data(TEXT % "hello")
    assert code == 250
    site.kill()
    site.start()
    assert [m["id"] for m in site.queue()] == [text.decode().split()[-1]]


def test_a_session_outlives_the_queue_process(site):
    """To which its connection was kept, and by a new one to the next."""
    site.may_crash = True
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site)
    site.start()
    with Client(port) as c:
        c.sendmail(USER, [TO], TEXT % "before")
        os.kill(site.queue_pid(), signal.SIGKILL)
        site.log.wait_for("queue-process-ended")
        wait_until(site.is_ready, [site.path("run")], "the queue process")
        c.sendmail(USER, [TO], TEXT % "after")
    assert len(site.queue()) == 2


def load(port, taken, has_begun, messages=None):
    """One client's, until its session ends, or it has sent so many."""
    with contextlib.suppress(smtplib.SMTPServerDisconnected, OSError), \
            Client(port) as c:
        while messages is None or messages > 0:
            with contextlib.suppress(smtplib.SMTPResponseException):
                c.sendmail(USER, [TO], TEXT % "hello")
                taken.append(1)
            has_begun.set()
            messages = messages and messages - 1


def crowd(port, taken, **how):
    """24 of them, which have begun."""
    has_begun = threading.Event()
    clients = [threading.Thread(target=load, args=(port, taken, has_begun),
                                kwargs=how) for _ in range(24)]
    for c in clients:
        c.start()
    assert has_begun.wait(DEADLINE)
    return clients


@pytest.fixture
def busy(site):
    """The port of a listener for a crowd; what it sends stays in the queue."""
    site.conf["queue"]["delivery"] = "off"
    return add_listener(site, rate="none", connections=24,
                        client_connections=24)


def test_a_stop_keeps_no_message_that_it_refuses(site, busy):
    """A device that is told 451 sends it again: it would come twice."""
    taken = []
    for _ in range(4):
        site.start()
        clients = crowd(busy, taken)
        site.stop()
        for c in clients:
            c.join()
        assert len(site.queue()) == len(taken)


def test_a_queue_process_that_ends_keeps_none_either(site, busy):
    """What it had taken, and not answered, is handed over to the next one."""
    site.may_crash = True
    taken = []
    site.start()
    for n in range(1, 3):
        clients = crowd(busy, taken, messages=40)
        os.kill(site.queue_pid(), signal.SIGKILL)
        site.log.wait_for("started", nth=n + 1)
        for c in clients:
            c.join()
        assert len(site.queue()) == len(taken) == 24 * 40 * n


def test_a_stop_is_told(site):
    """Whoever is inside hears why, and waits for nobody's patience."""
    port = add_listener(site)
    site.start()
    with Client(port) as c:
        site.daemon.send_signal(signal.SIGTERM)
        assert c.getreply() == (421, b"4.3.2 Server restarting; send again")
    site.stop()
    assert not site.log.events("device-refused")
    assert not site.log.events("smtpd-ended")


def test_who_came_in_by_a_listener_that_moves_is_told(site):
    port, other = add_listener(site), add_listener(site, "other")
    site.start()
    with Client(port) as c, Client(other) as stays:
        site.conf["listen scan"]["port"] = free_port()
        site.write_conf()
        site.daemon.send_signal(signal.SIGHUP)
        assert c.getreply() == (421, b"4.3.2 Server restarting; send again")
        site.log.wait_for("started", nth=2)
        assert stays.noop()[0] == 250
        stays.sendmail(USER, [TO], TEXT % "hello")


def test_a_session_s_messages_share_connections(site):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site)
    site.start()
    with Client(port) as c:
        sockets = set()
        for i in range(5):
            c.sendmail(USER, [TO], TEXT % i)
            smtpd, = (p for p in children(site) if comm(p) == "smtpd")
            sockets.add(os.readlink("/proc/%d/fd/4" % smtpd))
    # one, unless somebody slept meanwhile
    assert len(sockets) < 5
    assert len(site.queue()) == 5




# ---- who may ------------------------------------------------------------------

def greeting(port, address="127.0.0.1"):
    with socket.create_connection(("127.0.0.1", port), DEADLINE,
                                  source_address=(address, 0)) as s:
        return s.makefile("rb").readline().decode()


def test_networks(site):
    port = add_listener(site, allow="127.0.0.2 127.1.0.0/16")
    site.start()
    for address, code in [("127.0.0.2", "220"), ("127.1.9.9", "220"),
                          ("127.0.0.1", "554"), ("127.2.0.1", "554")]:
        assert greeting(port, address)[:3] == code
    site.log.wait_for("turned-away", nth=2)


def test_connections(site):
    port = add_listener(site, client_connections=2, connections=3)
    site.start()
    inside = [Client(port), Client(port)]
    assert greeting(port).startswith("421 4.7.0 Too many connections of")
    with socket.create_connection(("127.0.0.1", port), DEADLINE,
                                  source_address=("127.0.0.2", 0)) as s:
        assert s.makefile("rb").readline().startswith(b"220 ")
        assert greeting(port, "127.0.0.3") == \
            "421 4.7.0 Server busy; try again later\r\n"
    for c in inside:
        c.quit()


def test_rate(site):
    port = add_listener(site, rate="2/1h")
    site.start()
    send(port)
    send(port)
    with pytest.raises(smtplib.SMTPDataError) as e:
        send(port)
    assert e.value.smtp_code == 451
    assert b"Too many messages" in e.value.smtp_error
    refused = site.log.wait_for("refused")
    assert (refused["listener"], refused["client"]) == ("scan", "127.0.0.1")


# ---- what may be sent ---------------------------------------------------------

def test_recipients_and_size(site):
    port = add_listener(site, max_recipients=2, max_size="1K")
    site.start()
    with Client(port) as c:
        c.ehlo()
        assert c.esmtp_features["size"] == "1024"
        c.mail(USER)
        assert [c.rcpt("r%d@example.net" % i)[0] for i in range(3)] == [
            250, 250, 452]
        c.rset()
        assert c.mail(USER, ["size=1025"])[0] == 552
        c.rset()
        c.mail(USER)
        c.rcpt(TO)
        assert c.data("x" * 1100)[0] == 552


def test_senders(site):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site, senders="@contoso.example")
    site.start()
    send(port)
    with pytest.raises(smtplib.SMTPDataError) as e:
        with Client(port) as c:
            c.sendmail("x@other.example", [TO], "From: x@other.example\r\n\r\n")
    assert e.value.smtp_code == 550
    # Whom a second From makes the author counts.
    with pytest.raises(smtplib.SMTPDataError) as e:
        with Client(port) as c:
            c.sendmail(USER, [TO],
                       "From: <>\r\nFrom: x@other.example\r\n\r\n")
    assert e.value.smtp_code == 550
    assert len(site.queue()) == 1


@pytest.mark.parametrize("header, code", [
    ("From: %s, b@contoso.example", 250),
    ("From: %s\r\nSender: b@contoso.example", 250),
    ("From: %s, x@other.example", 550),
    ("From: %s,\r\n x@other.example", 550),
    ("From: a:%s, x@other.example;", 550),
    ("From: %s\r\nFrom: x@other.example", 550),
    ("From: %s\r\nSender: x@other.example", 550),
    ("From: %s\r\nSender: b@contoso.example, x@other.example", 550),
    ("Sender: x@other.example", 550),
    ("From: %s, <x@other.example", 550),
    ("From: %s" + ", b@contoso.example" * 100, 250),
    ("From: %s" + "".join(", b%d@contoso.example" % i for i in range(100)),
     550),
])
def test_who_may_send_carries_nobody_else(site, header, code):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site, senders="@contoso.example")
    site.start()
    with Client(port) as c:
        c.ehlo()
        c.mail(USER)
        c.rcpt(TO)
        text = header.replace("%s", USER) + "\r\nSubject: x\r\n\r\nhello\r\n"
        assert c.data(text)[0] == code
    assert len(site.queue()) == (1 if code == 250 else 0)


@pytest.mark.parametrize("senders, author, sender, code", [
    # what no envelope carries is nobody whom a pattern names
    ("@contoso.example", '<"ceo\x01"@contoso.example>', USER, 550),
    ("@contoso.example", "<LONG@contoso.example>", USER, 550),
    ("@contoso.example", '%s, <"ceo\x01"@contoso.example>' % USER, USER, 550),
    ("*", '<"ceo\x01"@contoso.example>', USER, 250),
    # who names nobody is who stands in the envelope
    ("@contoso.example", "<>", USER, 250),
    ("@contoso.example", "nobody:;", USER, 250),
    ("@contoso.example", "<>", "x@other.example", 550),
    ("@contoso.example", "<>", "", 550),
    ("*", "<>", "", 250),
])
def test_an_author_who_cannot_be_told(site, senders, author, sender, code):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site, senders=senders)
    site.start()
    with Client(port) as c:
        c.ehlo()
        c.mail(sender)
        c.rcpt(TO)
        author = author.replace("LONG", 1000 * "c")
        assert c.data("From:\r\n %s\r\n\r\nhello\r\n" % author)[0] == code
    assert len(site.queue()) == (1 if code == 250 else 0)


@pytest.mark.parametrize("how, code", [("normalise", 250), ("refuse", 554)])
def test_bare_newline(site, how, code):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site, bare_newline=how)
    site.start()
    with Client(port) as c:
        c.ehlo()
        for text in (b"x\ny\r\n", b"x\ry\r\n", b"x\n.\r\ny\r\n"):
            c.mail(USER)
            c.rcpt(TO)
            assert c.docmd("DATA")[0] == 354
            c.send(b"Subject: x\r\n\r\n" + text + b".\r\n")
            assert c.getreply()[0] == code
            c.mail(USER)
            c.rcpt(TO)
            assert c.data("Subject: x\r\n\r\nfine\r\n")[0] == 250
            c.mail(USER)
            c.rcpt(TO)
            c.send(b"BDAT 2\r\nx\rBDAT 0 LAST\r\n")
            assert c.getreply()[0] == 250
            assert c.getreply()[0] == code
    assert len(site.queue()) == (9 if code == 250 else 3)


def test_a_user_of_this_host_is_no_device(site):
    """The frame that says so is believed of nobody else."""
    add_listener(site)
    site.start()
    frames = field(1, b"x" * 32) + field(2, b"scan") + \
        field(3, b"127.0.0.1") + field(4, (4711).to_bytes(8, "big"))
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(DEADLINE)
        s.connect(site.path("run/submit"))
        s.sendall(b"\x08" + len(frames).to_bytes(4, "big") + frames)
        answer = b""
        while piece := s.recv(4096):
            answer += piece
    assert b"mailchuted alone says" in answer


def field(tag, value):
    return bytes([tag]) + len(value).to_bytes(4, "big") + value


# ---- life and death -----------------------------------------------------------

def test_who_speaks_first_is_sent_away(site):
    """What is there before the greeting was not said by a device."""
    port = add_listener(site)
    site.start()
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as s:
        s.sendall(b"EHLO x\r\nMAIL FROM:<a@b>\r\n")
        # It may have been greeted before that was there: then it is heard.
        s.shutdown(socket.SHUT_WR)
        said = s.makefile("rb").read()
    assert said.startswith((b"554 5.5.0 ", b"220 "))
    assert site.queue() == []


@pytest.mark.parametrize("how", ["closed", "reset"])
def test_who_only_knocks_is_no_trouble(site, how):
    """A monitor or a balancer tries whether the port is open."""
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site, client_connections=9)
    site.start()
    send(port)
    before = set(children(site))  # the fork server stays
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", port), DEADLINE) as s:
            if how == "reset":
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
    send(port)
    site.log.wait_for("client", nth=7)
    assert all(wait_end(pid) for pid in set(children(site)) - before)
    assert not site.log.events("device-refused")
    assert not site.log.events("client-sent-away")
    device, = site.json("devices")
    assert (device["messages"], device["failures"]) == (2, 0)


def test_half_a_message_is_none(site):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site)
    site.start()
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as s:
        f = s.makefile("rb")
        f.readline()
        for line in ("MAIL FROM:<%s>" % USER, "RCPT TO:<%s>" % TO, "DATA"):
            s.sendall(line.encode() + b"\r\n")
            assert f.readline()[:3] in (b"250", b"354")
        s.sendall(b"Subject: x\r\n\r\nhel")
    send(port)
    assert len(site.queue()) == 1


def test_a_reload_keeps_who_is_inside(site):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site)
    site.start()
    with Client(port) as c:
        c.sendmail(USER, [TO], TEXT % "before")
        other = add_listener(site, "second")
        site.conf["listen scan"]["max_recipients"] = "5"
        site.write_conf()
        site.daemon.send_signal(1)
        site.log.wait_for("reloaded")
        site.log.wait_for("started", nth=2)
        c.sendmail(USER, [TO], TEXT % "behind")
    send(other)
    assert len(site.queue()) == 3


def test_who_is_not_allowed_any_more_sends_no_more(site):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site, allow="127.0.0.0/24")
    site.start()
    with Client(port) as c, \
            Client(port, source_address=("127.0.0.2", 0)) as other:
        c.sendmail(USER, [TO], TEXT % "before")
        site.conf["listen scan"]["allow"] = "127.0.0.2"
        site.write_conf()
        site.daemon.send_signal(1)
        site.log.wait_for("started", nth=2)
        with pytest.raises(smtplib.SMTPDataError) as e:
            c.sendmail(USER, [TO], TEXT % "behind")
        assert (e.value.smtp_code, e.value.smtp_error) == (
            451, b"4.7.0 Device address not allowed; ask admin")
        other.sendmail(USER, [TO], TEXT % "behind")
    assert len(site.queue()) == 2


def test_stop_ends_everything(site):
    port = add_listener(site)
    site.start()
    with Client(port) as c:
        c.noop()
        site.stop()
        assert c.getreply()[0] == 421
        with pytest.raises(smtplib.SMTPServerDisconnected):
            c.noop()
    with pytest.raises(ConnectionRefusedError):
        Client(port)


def test_smtpd_is_confined(site):
    """No file, no socket, no program: as deliver."""
    port = add_listener(site)
    site.start()
    with Client(port) as c:
        c.noop()
        pids = [p for p in children(site) if comm(p) == "smtpd"]
        assert len(pids) == 1
        with open("/proc/%d/status" % pids[0]) as f:
            status = dict(line.split(":", 1) for line in f)
        assert sanitized() or status["Seccomp"].strip() == "2"
        assert status["NoNewPrivs"].strip() == "1"
        assert status["Uid"].split()[1] != "0"


def children(site):
    with open("/proc/%d/task/%d/children" % (2 * (site.daemon.pid,))) as f:
        return [int(p) for p in f.read().split()]


def comm(pid):
    """Empty of one that has just ended."""
    try:
        with open("/proc/%d/comm" % pid) as f:
            return f.read().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
