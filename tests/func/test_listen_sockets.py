# SPDX-License-Identifier: ISC
"""A listener's sockets: who makes them, and with which rights."""

import os
import re
import socket

import pytest

from lib.netns import own_network
from lib.site import USER
from lib.supervisor import lend
from test_listen import TO, Client, add_listener, greeting, send

needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to give it up")


def listening(address="127.0.0.1", port=0):
    """A socket as a .socket unit makes one."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((address, port))
    s.listen(64)
    return s


def reload(site, starts):
    site.write_conf()
    site.daemon.send_signal(1)
    site.log.wait_for("reloaded", nth=starts - 1)
    site.log.wait_for("started", nth=starts)


# ---- those of the service manager --------------------------------------------

def test_sockets_by_the_listener_s_name(site):
    """Of both families, over reloads; the port of the file is nobody's."""
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site, "scan")
    with listening() as four:
        lent = four.getsockname()[1]
        with listening("::1", lent) as six:
            site.daemon = lend(site, [six, four], "scan:scan")
            site.log.wait_for("started")
            send(lent)
            with socket.create_connection(("::1", lent)) as s:
                assert s.makefile("rb").readline().startswith(b"220 ")
            with pytest.raises(ConnectionRefusedError):
                Client(port)
            warnings = site.log.events("listener")
            assert len(warnings) == 2
            assert all("the socket counts" in w["text"] for w in warnings)
            # Nobody's for a while; who comes meanwhile waits.
            was = site.conf.pop("listen scan")
            reload(site, 2)
            with socket.create_connection(("127.0.0.1", lent)) as s:
                site.conf["listen scan"] = {**was, "port": lent}
                reload(site, 3)
                assert s.makefile("rb").readline().startswith(b"220 ")
            send(lent)
            assert len(site.queue()) == 2
            assert site.stop() == 0


def test_a_socket_for_no_listener(site):
    site.conf["queue"]["delivery"] = "off"
    port = add_listener(site)
    with listening() as s:
        site.daemon = lend(site, [s], "printer")
        site.log.wait_for("started")
        warning, = site.log.events("listener")
        assert warning["listener"] == "printer"
        assert "no such section" in warning["text"]
        send(port)
    assert len(site.queue()) == 1


# ---- ports below 1024 --------------------------------------------------------

def low_port(site, name, port):
    site.conf["listen " + name] = {"port": port}


@needs_root
def test_a_low_port_is_bound_before_root_is_given_up(site):
    """And a reload that wants one more says what to do, and goes on."""
    site.conf["queue"]["delivery"] = "off"
    with own_network():
        low_port(site, "scan", 25)
        site.start()
        with open("/proc/%d/status" % site.daemon.pid) as f:
            assert str(site.uid) in f.read().split("Uid:")[1].split()[:4]
        send(25)
        low_port(site, "more", 26)
        other = add_listener(site, "other")
        reload(site, 2)
        line, = site.log.events("listener")
        assert line["listener"] == "more"
        assert "restart mailchuted" in line["text"]
        send(25)
        send(other)
        with pytest.raises(ConnectionRefusedError):
            Client(26)
        site.restart()
        send(26)
        assert len(site.queue()) == 4


@needs_root
def test_a_listener_that_cannot_move_stays(site):
    """Closed, it would be nowhere until the restart; its rules are new."""
    site.conf["queue"]["delivery"] = "off"
    with own_network():
        low_port(site, "scan", 25)
        site.start()
        site.conf["listen scan"].update(address="127.0.0.2",
                                        max_recipients="3")
        reload(site, 2)
        line, = site.log.events("listener")
        assert line["listener"] == "scan"
        assert "restart mailchuted" in line["text"]
        with Client(25) as c:
            c.ehlo()
            c.mail(USER)
            assert [c.rcpt("r%d@example.net" % i)[0] for i in range(4)] == [
                250, 250, 250, 452]
        # Again, as long as it is not restarted; then it moves.
        reload(site, 3)
        send(25)
        site.restart()
        with pytest.raises(ConnectionRefusedError):
            Client(25)
        assert greeting_at("127.0.0.2").startswith(b"220 ")


def greeting_at(address):
    with socket.create_connection((address, 25)) as s:
        return s.makefile("rb").readline()


def capabilities(pid):
    with open("/proc/%d/status" % pid) as f:
        return {k: int(v, 16) for k, v in re.findall(
            r"^Cap(Prm|Eff|Amb):\t([0-9a-f]+)$", f.read(), re.M)}


@needs_root
def test_a_low_port_by_a_capability(site):
    """As a unit may give it: the parent keeps it, so that a reload may bind
    as well; no program gets it."""
    site.conf["queue"]["delivery"] = "off"
    through = ["setpriv", "--reuid=%d" % site.uid, "--regid=%d" % site.gid,
               "--clear-groups", "--inh-caps=+net_bind_service",
               "--ambient-caps=+net_bind_service", "--no-new-privs"]
    with own_network():
        low_port(site, "scan", 25)
        site.start(through=through)
        low_port(site, "more", 26)
        reload(site, 2)
        assert site.log.events("listener") == []
        send(26)
        with Client(25) as c:
            c.noop()
            seen = {}
            for pid in site.group(site.daemon.pid):
                with open("/proc/%d/comm" % pid) as f:
                    seen.setdefault(f.read().strip(), []).append(
                        capabilities(pid))
        assert [c["Eff"] for c in seen["smtpd"]] == [0]
        assert [c["Prm"] for c in seen["smtpd"]] == [0]
        assert all(c["Amb"] == 0 for c in seen["mailchuted"])
        assert any(c["Eff"] == 1 << 10 for c in seen["mailchuted"])


@needs_root
def test_without_rights_it_says_so_and_takes_mail(site):
    site.conf["queue"]["delivery"] = "off"
    with own_network():
        low_port(site, "scan", 25)
        site.start(through=["setpriv", "--reuid=%d" % site.uid,
                            "--regid=%d" % site.gid, "--clear-groups"])
        said = site.log.wait_for("listener", listener="scan")
        assert "port 25 is below 1024" in said["text"]
        site.submit(TO)
        assert len(site.queue()) == 1


def test_a_port_that_is_taken(site, server):
    """The machine's mail goes; and its listener opens when the port is free,
    though nobody says so."""
    with listening() as s:
        port = s.getsockname()[1]
        site.conf["listen scan"] = {"port": port}
        site.start()
        said = site.log.wait_for("listener", listener="scan")
        assert said["text"].startswith("cannot listen on port %d" % port)
        site.submit(TO)
        server.record.wait_messages(1)
    site.log.wait_for("listener-opened", listener="scan", port=str(port))
    send(port)
    server.record.wait_messages(2)
