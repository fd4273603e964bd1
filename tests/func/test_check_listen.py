# SPDX-License-Identifier: ISC
"""mailchute check: what it says of listeners."""

import json
import os
import socket
import subprocess

import pytest

from lib.site import program
from test_check import NEEDS_ROOT, check
from test_listen import add_listener

NAME = "listener scan"


def certificate(site, days, name="scan"):
    """A pair for relay.contoso.example, by openssl(1) itself."""
    cert, key = (site.path("conf/%s.%s" % (name, end)) for end in ("pem", "key"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
         "-days", str(days), "-subj", "/CN=relay.contoso.example",
         "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
    if os.getuid() == 0:
        os.chown(key, site.uid, site.gid)
    os.chmod(key, 0o600)
    os.chmod(cert, 0o644)
    # What is public of the key stands in both, now and then in the same lines.
    site.hunt.belongs.add("conf/%s.pem" % name)
    with open(key) as f:
        site.secret("%s.key" % name, f.read())
    return {"certificate_file": cert, "key_file": key}


def line(site, **how):
    return check(site, **how)[0][NAME]


def test_it_answers(site):
    add_listener(site)
    site.start()
    seen = line(site)
    assert seen["level"] == "ok" and "answers on port" in seen["text"]


def test_it_does_not_run(site):
    add_listener(site)
    site.write_conf()
    seen = line(site)
    assert seen["level"] == "fail"
    assert "nobody takes connections" in seen["text"]
    assert "start mailchuted" in seen["next"]


def test_this_host_is_not_let_in(site):
    """That is no fault."""
    add_listener(site, allow="192.0.2.0/24")
    site.start()
    seen = line(site)
    assert seen["level"] == "ok" and "none of listen.allow" in seen["text"]


def test_its_places_are_taken(site):
    port = add_listener(site, connections=1, client_connections=1)
    site.start()
    with socket.create_connection(("127.0.0.1", port)) as s:
        assert s.makefile("rb").readline().startswith(b"220 ")
        seen = line(site)
    assert seen["level"] == "warn" and "turns clients away" in seen["text"]


def test_another_program_has_its_port(site):
    site.start()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(5)
        site.conf["listen scan"] = {"port": other.getsockname()[1]}
        site.write_conf()
        site.daemon.send_signal(1)
        site.log.wait_for("listener", text="cannot listen")
        seen = line(site)
    assert seen["level"] == "fail" and "another program" in seen["text"]
    assert "ss -ltnp" in seen["next"]


def test_its_own_port_25_is_no_other_mailer_s(site):
    site.conf["listen scan"] = {"port": 25}
    site.write_conf()
    lines, _ = check(site)
    assert "port 25 of this host" not in lines
    del site.conf["listen scan"]
    site.write_conf()
    lines, _ = check(site)
    assert "port 25 of this host" in lines


# ---- TLS ---------------------------------------------------------------------

@pytest.mark.parametrize("days, level, part", [
    (90, "ok", "nobody else may read"), (20, "warn", "ends in"),
    (29, "warn", "ends in"), (31, "ok", "nobody else may read")])
def test_a_certificate_s_end(site, days, level, part):
    add_listener(site, tls="starttls", **certificate(site, days))
    site.start()
    lines = every(site)
    assert max(lines, key=worst)["level"] == level
    assert any(part in x["text"] for x in lines)
    assert any("CN=relay.contoso.example" in x["text"] for x in lines)
    assert any("is the key of it" in x["text"] for x in lines)


ORDER = ["ok", "unknown", "warn", "fail"]


def worst(x):
    return ORDER.index(x["level"])


def every(site, **how):
    """All lines of the listener."""
    done = site.run([program("mailchute"), "-C", site.conf_path, "check",
                     "--json"], **how)
    return [x for x in map(json.loads, done.stdout.splitlines())
            if x["check"] == NAME]


def test_a_key_of_another(site):
    pair = certificate(site, 90)
    pair["key_file"] = certificate(site, 90, "other")["key_file"]
    add_listener(site, tls="starttls", **pair)
    site.write_conf()
    seen = [x["text"] for x in every(site) if x["level"] == "fail"]
    assert any("is not the key of this certificate" in x for x in seen)


def test_files_that_are_none(site):
    pair = certificate(site, 90)
    site.write("conf/scan.pem", "hello\n")
    add_listener(site, tls="starttls", **pair)
    site.write_conf()
    assert any("holds no certificate" in x["text"] for x in every(site))
    os.unlink(site.path("conf/scan.pem"))
    os.chmod(site.path("conf/scan.key"), 0o644)
    seen = [x["text"] for x in every(site) if x["level"] == "fail"]
    assert any("listen.certificate_file" in x for x in seen)
    assert any("scan.key" in x and "listen.certificate" not in x
               for x in seen)
    os.chmod(site.path("conf/scan.key"), 0o600)


def test_a_key_without_one(site):
    pair = certificate(site, 90)
    site.secret("scan.key", "nonsense\n")
    add_listener(site, tls="starttls", **pair)
    site.write_conf()
    assert any("holds no key" in x["text"] for x in every(site))


def test_old_tls_is_told_with_what_it_means(site):
    add_listener(site, tls="starttls", tls_min="1.0", **certificate(site, 90))
    site.start()
    old, = [x for x in every(site) if x["level"] == "warn"]
    assert old["text"].startswith("takes TLS 1.0: whoever is on the way")
    assert "tls_min = 1.2" in old["next"]


@NEEDS_ROOT
def test_others_do_not_see_the_key(site):
    add_listener(site, tls="starttls", **certificate(site, 90))
    site.start()
    seen = every(site, uid=12345)
    assert any("is not for you to see" in x["text"] for x in seen)
    assert all(x["level"] in ("ok", "unknown") for x in seen)


# ---- who signs in ------------------------------------------------------------

def test_users(site):
    add_listener(site, auth="required", users_file=site.path("conf/users"))
    site.write_conf()
    seen = [x["text"] for x in every(site) if x["level"] == "fail"]
    assert any("listen.users_file" in x for x in seen)
    site.secret("users", "scanner:$6$x$y\n")
    assert not [x for x in every(site) if x["level"] == "fail"
                and "users" in x["text"]]
