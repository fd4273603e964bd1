# SPDX-License-Identifier: ISC
"""What an administrator sees of listeners: status, its JSON, mail, metrics."""

import datetime
import os
import re
import smtplib
import socket

import pytest

from lib.netns import own_network
from lib.supervisor import lend
from test_check_listen import certificate
from test_listen import (Client, TEXT, TO, USER, add_listener, greeting,
                         send)
from test_listen_sockets import listening
from test_metrics import metrics

WARNING, CRITICAL = 1, 2
LONG = (89, 90)  # days of one that ends in 90, in its first second or later
KEYS = ["name", "address", "port", "lent", "state", "since", "text", "fix",
        "tls", "tls_min", "auth", "connections", "connections_max",
        "messages", "turned_away", "refused", "certificate", "expires"]
STRANGER = 12345
needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")


def listeners(site):
    """{name: what --json tells of it}"""
    return {x["name"]: x for x in site.status()["listeners"]}


def verdict(site, **how):
    """The exit status, and the line that stands first."""
    done = site.mailchute("status", check=False, **how)
    return done.returncode, done.stdout.splitlines()[0]


def prose(site):
    """All that status says to people, in one line."""
    return " ".join(site.mailchute("status", check=False).stdout.split())


def reload(site):
    starts = len(site.log.events("started"))
    site.write_conf()
    site.daemon.send_signal(1)
    site.log.wait_for("started", nth=starts + 1)


def pair(site, days, name="relay"):
    """A certificate that ends in so many days, as the listener's options."""
    return {"tls": "required", **certificate(site, days, name)}


# ---- open ----------------------------------------------------------------------

def test_a_host_without_listeners(running):
    assert running.status()["listeners"] == []
    assert "LISTENER" not in running.mailchute("status").stdout


def test_a_listener_that_is_open(site):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site, "copier", connections=7, tls_min="1.0",
                        **pair(site, 90))
    add_listener(site, "scan", address="::1")
    site.start()
    seen = listeners(site)
    assert list(seen) == ["copier", "scan"]
    copier = seen["copier"]
    assert list(copier) == KEYS
    assert (copier["address"], copier["port"]) == ("127.0.0.1", port)
    assert copier["state"] == "open" and copier["lent"] is False
    assert copier["since"] is copier["text"] is copier["fix"] is None
    assert (copier["tls"], copier["tls_min"]) == ("required", "1.0")
    assert copier["auth"] == "off"
    assert (copier["connections"], copier["connections_max"]) == (0, 7)
    assert copier["certificate"] == {"state": "good", "since": None,
                                     "text": None, "fix": None}
    ends, = copier["expires"]
    assert ends["what"] == "listener_certificate"
    assert ends["source"] == "certificate" and ends["days"] in LONG
    assert re.match("the certificate of listener copier ends in (89|90) days, "
                    "on 20", ends["text"])
    scan = seen["scan"]
    assert scan["tls"] == "none" and scan["tls_min"] is None
    assert scan["certificate"] is None and scan["expires"] == []
    assert verdict(site)[0] == 0
    text = site.mailchute("status").stdout
    row = next(x for x in text.splitlines() if x.startswith("  copier "))
    assert row.split() == ["copier", "open", "0/7", "127.0.0.1:%d" % port,
                           "required,", "from", "1.0", "off"]
    assert "  [::1]:%s" % site.conf["listen scan"]["port"] in text
    assert re.search("ends in (89|90) days", prose(site))


def test_who_is_inside_and_what_came(site):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site, client_connections=2, connections=3)
    site.start()
    inside = [Client(port), Client(port)]
    assert listeners(site)["scan"]["connections"] == 2
    assert "  2/3  " in site.mailchute("status").stdout
    assert greeting(port).startswith("421 ")
    inside[0].sendmail(USER, [TO], TEXT % "one")
    for c in inside:
        c.quit()
    site.wait(lambda: listeners(site)["scan"]["connections"] == 0,
              "the clients to leave")
    seen = listeners(site)["scan"]
    assert (seen["messages"], seen["turned_away"]) == (1, 1)


def test_a_refusal_counts(site):
    port = add_listener(site, senders="@other.example")
    site.start()
    with pytest.raises(smtplib.SMTPDataError):
        send(port)
    site.wait(lambda: listeners(site)["scan"]["refused"] == 1, "the refusal")
    assert listeners(site)["scan"]["messages"] == 0


def test_a_socket_that_is_lent(site):
    port = add_listener(site)
    with listening() as s:
        lent = s.getsockname()[1]
        site.daemon = lend(site, [s], "scan")
        site.log.wait_for("started")
        seen = listeners(site)["scan"]
    assert seen["lent"] is True and seen["state"] == "open"
    assert seen["port"] == lent != port


# ---- shut ----------------------------------------------------------------------

def test_a_listener_that_is_shut(site):
    """Its port is another program's; and when it is not any more, it opens."""
    site.start()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(5)
        port = other.getsockname()[1]
        site.conf["listen copier"] = {"port": port}
        reload(site)
        seen = listeners(site)["copier"]
        assert seen["state"] == "shut" and seen["connections"] == 0
        assert seen["text"] == ("cannot listen on port %d of 127.0.0.1: "
                                "Address already in use" % port)
        assert "ss -ltnp" in seen["fix"]
        since = datetime.datetime.fromisoformat(
            seen["since"].replace("Z", "+00:00"))
        status, line = verdict(site)
        assert status == CRITICAL
        assert line.startswith("critical: listener copier is shut: " +
                               seen["text"])
        assert "shut cannot listen on port" in prose(site)
        assert "do ss -ltnp shows which program" in prose(site)
        reload(site)
        again = listeners(site)["copier"]
        assert again["since"] == since.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert metrics(site).states("mailchute_listener_state", "state") == [
            "shut"]
    reload(site)
    assert listeners(site)["copier"]["state"] == "open"
    assert verdict(site)[0] == 0
    send(port)


@needs_root
def test_others_hear_that_one_is_shut_and_not_which(site):
    site.start()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(5)
        site.conf["listen copier"] = {"port": other.getsockname()[1]}
        reload(site)
        status, line = verdict(site, uid=STRANGER)
        assert status == CRITICAL and "a listener is shut" in line
        done = site.mailchute("status", uid=STRANGER, check=False)
        assert "copier" not in done.stdout


@needs_root
def test_a_low_port_that_is_taken(site):
    """It takes root, which is given up: what to stop, and that a restart is
    what opens it then."""
    with own_network():
        site.conf["listen scan"] = {"port": 25}
        with socket.create_server(("127.0.0.1", 25)):
            site.start()
            site.wait(lambda: "restart" in listeners(site)["scan"]["fix"],
                      "the word of a restart")
            seen = listeners(site)["scan"]
            assert "Address already in use" in seen["text"]
            assert seen["fix"].startswith("ss -ltnp")
            assert verdict(site)[0] == CRITICAL
        site.restart()
        assert listeners(site)["scan"]["state"] == "open"


@needs_root
def test_a_listener_that_could_not_move(site):
    with own_network():
        site.conf["listen scan"] = {"port": 2525}
        site.start()
        site.conf["listen scan"]["port"] = 25
        reload(site)
        seen = listeners(site)["scan"]
        assert seen["state"] == "stuck" and seen["port"] == 25
        assert "port 25 is below 1024" in seen["text"]
        assert seen["text"].endswith("it stays on port 2525 of 127.0.0.1")
        assert "restart mailchuted" in seen["fix"]
        assert verdict(site)[0] == WARNING
        site.restart()
        assert listeners(site)["scan"]["state"] == "open"


def test_no_daemon(site):
    """Nobody listens then, and the certificate's end is known all the same."""
    add_listener(site, **pair(site, 90))
    site.start()
    assert listeners(site)["scan"]["expires"]
    site.stop()
    seen = listeners(site)["scan"]
    assert seen["state"] == "shut"
    assert seen["text"] == "mailchuted is not running"
    assert seen["certificate"]["state"] == "unknown"
    assert seen["expires"][0]["days"] in LONG
    assert verdict(site)[1].startswith("critical: mailchuted is not running")


# ---- certificates --------------------------------------------------------------

def test_a_certificate_that_ends_soon(site, server):
    add_listener(site, "copier", **pair(site, 5))
    site.start()
    server.record.wait_messages(1)
    status, line = verdict(site)
    assert status == WARNING
    soon = "the certificate of listener copier ends in [45] days"
    assert re.match("warning: %s, on " % soon, line)
    assert "do Renew the certificate: " in prose(site)
    event = site.log.wait_for("expires")
    assert event["listener"] == "copier" and "account" not in event
    assert event["what"] == "listener_certificate"
    assert "reload" in event["fix"]
    mail, = server.record.accepted
    assert re.search(soon + "$", mail.header("Subject"))
    text = " ".join(mail.body.decode().split())
    for part in ("listener: copier", "meaning: A device that checks",
                 site.path("conf/relay.pem"), site.path("conf/relay.key")):
        assert part in text
    # Once, over restarts and reloads and however often somebody looks.
    site.wait_empty()
    site.restart()
    reload(site)
    assert verdict(site)[0] == WARNING
    assert len(site.log.events("expires")) == 1
    # Renewed, it is over.
    certificate(site, 90, "relay")
    reload(site)
    assert verdict(site)[0] == 0
    assert listeners(site)["copier"]["expires"][0]["days"] in LONG
    assert site.database("SELECT account, what, warned, mailed FROM expiry") \
        == [("copier", "listener_certificate", 0, 0)]
    # And the next one is told of anew.
    certificate(site, 6, "relay")
    reload(site)
    server.record.wait_messages(2)
    assert len(site.log.events("expires")) == 2


@needs_root
def test_others_hear_that_one_ends_and_not_which(site):
    add_listener(site, "copier", **pair(site, 5))
    site.start()
    status, line = verdict(site, uid=STRANGER)
    assert status == WARNING
    assert "the certificate of a listener ends soon" in line


def test_an_account_of_the_same_name(site, server):
    """Each has what is its own, also when one of them is gone."""
    site.conf["account copier"] = dict(site.conf["account"])
    add_listener(site, "copier", **pair(site, 5))
    site.start()
    server.record.wait_messages(1)
    site.wait_empty()
    site.restart()
    del site.conf["account copier"]
    reload(site)
    assert listeners(site)["copier"]["expires"]
    site.restart()
    assert verdict(site)[0] == WARNING
    assert len(site.log.events("expires", listener="copier")) == 1
    del site.conf["listen copier"]
    reload(site)
    site.wait(lambda: site.database(
        "SELECT count(*) FROM expiry WHERE what = 'listener_certificate'")
        == [(0,)], "the row to go")
    assert verdict(site)[0] == 0


@pytest.mark.parametrize("tls, status", [("required", CRITICAL),
                                         ("starttls", WARNING)])
def test_a_key_that_is_missing(site, tls, status):
    add_listener(site, "copier", **{**pair(site, 90), "tls": tls})
    site.write_conf()
    os.remove(site.path("conf/relay.key"))
    site.start()
    seen = listeners(site)["copier"]
    assert seen["state"] == "open" and seen["expires"] == []
    assert seen["certificate"]["state"] == "missing"
    assert "relay.key: No such file" in seen["certificate"]["text"]
    assert "reload" in seen["certificate"]["fix"]
    assert seen["certificate"]["since"]
    got, line = verdict(site)
    assert got == status
    assert "listener copier has no certificate" in line
    assert "No such file" in line
    assert "cert no certificate that serves" in prose(site)
    read = metrics(site)
    assert read.states("mailchute_listener_certificate_state", "state") == [
        "missing"]
    certificate(site, 90, "relay")
    reload(site)
    assert listeners(site)["copier"]["certificate"]["state"] == "good"
    assert verdict(site)[0] == 0


def test_a_pair_that_is_kept(site):
    add_listener(site, "copier", **pair(site, 90))
    site.start()
    os.remove(site.path("conf/relay.key"))
    reload(site)
    seen = listeners(site)["copier"]
    assert seen["certificate"]["state"] == "kept"
    assert "No such file" in seen["certificate"]["text"]
    assert seen["expires"][0]["days"] in LONG
    status, line = verdict(site)
    assert status == WARNING
    assert "keeps the certificate from before" in line


# ---- metrics -------------------------------------------------------------------

def test_metrics(site):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site, "plain", allow="127.0.0.1", connections=9)
    add_listener(site, "copier", **pair(site, 90))
    site.start()

    def one(name, listener="plain", **labels):
        return read.one("mailchute_listener_" + name, listener=listener,
                        **labels)
    read = metrics(site)
    for name in ("messages_total", "turned_away_clients_total",
                 "refusals_total", "connections"):
        assert one(name) == 0
    assert one("connections_limit") == 9
    assert [one("state", state=s) for s in ("open", "stuck", "shut")] == [
        1, 0, 0]
    send(port)
    send(port)
    assert greeting(port, "127.0.0.2").startswith("554 ")
    with Client(port) as c:
        c.noop()
        read = metrics(site)
        assert one("connections") == 1
    assert one("messages_total") == 2
    assert one("turned_away_clients_total") == 1
    assert one("refusals_total") == 0
    assert read.families["mailchute_listener_messages_total"][0] == "counter"
    assert {dict(k)["listener"] for k in read.samples(
        "mailchute_listener_certificate_state")} == {"copier"}
    at = datetime.datetime.fromisoformat(
        listeners(site)["copier"]["expires"][0]["at"].replace("Z", "+00:00"))
    assert one("certificate_expires_timestamp_seconds", "copier") == \
        at.timestamp()
    # Without a daemon nothing is counted.
    site.stop()
    read = metrics(site)
    assert one("state", state="shut") == 1
    assert not read.samples("mailchute_listener_messages_total")
