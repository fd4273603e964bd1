# SPDX-License-Identifier: ISC
"""That the search for secrets after each test finds them (lib/canary.py), and
what of a secret the processes keep, and show to others."""

import base64
import os
import subprocess
import sys
import urllib.parse

import pytest

from lib import canary
from lib.site import USER, program

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER

needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to look into processes")


# ---- the search itself ----

FORMS = {
    "raw": lambda s: s,
    "quoted": lambda s: b'password="' + s + b'"',
    "base64": base64.b64encode,
    "login": lambda s: base64.b64encode(s).rstrip(b"=") + b"\r\n",
    "plain": lambda s: b"AUTH PLAIN " + base64.b64encode(
        b"\0" + USER.encode() + b"\0" + s),
    "plain, another user": lambda s: base64.b64encode(b"\0ab\0" + s),
    "plain, a third": lambda s: base64.b64encode(b"\0abc\0" + s),
    "xoauth2": lambda s: base64.b64encode(
        b"user=%s\1auth=Bearer %s\1\1" % (USER.encode(), s)),
    "url-safe": lambda s: base64.urlsafe_b64encode(b"x" + s),
    "url": lambda s: b"client_secret=" + urllib.parse.quote(
        s, safe="").encode() + b"&x=y",
    "hex": lambda s: s.hex().encode(),
}


@pytest.mark.parametrize("secret", [
    b"canary-0123456789abcdef", b"canary ?>&~%/+\xc3\xa4\xc3\xb6-odd",
    b"canary-of-22-octets-in"], ids=["plain", "odd", "even"])
@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_found(secret, form):
    search = canary.Search([secret])
    data = b"before " + FORMS[form](secret) + b" behind"
    with pytest.raises(canary.Leak) as caught:
        search.look("there", data)
    assert secret not in str(caught.value).encode()
    search.look("there", data.replace(FORMS[form](secret), b"nothing"))


# ---- leaks that are planted ----

def leak_to(name):
    def plant(site):
        site.stop()
        path = site.path(name)
        with open(path, "ab") as f:
            f.write(b"x " + base64.b64encode(b"?" + site.password.encode()))
        return lambda: os.unlink(path)
    return plant


def leak_to_database(site):
    site.stop()
    site.database_change(
        "update message set sender = ?", site.password + "@example.net")
    return lambda: site.database_change("delete from message")


def leak_to_output(site):
    said = subprocess.run(["echo", site.token], stdout=subprocess.PIPE,
                          check=True)
    assert said.stdout
    return canary.heard.clear


def leak_to_argument(site):
    proc = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(1000)",
         site.password], start_new_session=True)
    site.look_at_processes(proc)
    proc.kill()
    proc.wait()
    return lambda: site.hunt.seen.clear()


def leak_to_environment(site):
    proc = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True,
                            env={"X": site.token})
    site.look_at_processes(proc)
    proc.kill()
    proc.wait()
    return lambda: site.hunt.seen.clear()


def leak_to_mail(site):
    site.mailchute("resume")
    site.submit("b@example.net", stdin="Subject: %s\n\nhello\n" %
                site.password)
    site.server.record.wait(lambda: any(
        "b@example.net" in m.addresses for m in site.server.record.accepted),
        "the mail")
    site.wait_empty()

    def forget():
        site.stop()
        site.server.record.forget()
        for name in os.listdir(site.path("lib")):
            if name.startswith("queue.db"):
                os.unlink(site.path("lib/" + name))
    return forget


def leak_to_server(site):
    site.server.record.note(None, "command", "NOOP " + site.token)
    return site.server.record.forget


PLANTS = {
    "log": leak_to("log/log"),
    "stderr": leak_to("log/stderr"),
    "drop file": leak_to("spool/drop/abc"),
    "pid file": leak_to("run/other"),
    "beside the secret": leak_to("conf/password.bak"),
    "core": leak_to("lib/core"),
    "report": leak_to("reports/ubsan.1"),
    "database": leak_to_database,
    "output": leak_to_output,
    "argument": leak_to_argument,
    "environment": leak_to_environment,
    "mail": leak_to_mail,
    "server": leak_to_server,
}


@pytest.mark.parametrize("where", PLANTS)
def test_a_leak_fails_the_test(running, server, where):
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    running.wait_empty()
    running.mailchute("pause")
    running.submit("c@example.net", stdin=TEXT)
    running.hunt.search()
    undo = PLANTS[where](running)
    with pytest.raises(canary.Leak) as caught:
        running.hunt.search()
    for secret in running.hunt.secrets():
        assert secret not in str(caught.value).encode()
    undo()


def test_the_processes_are_seen_while_they_sign_in(running, server):
    """Each of them, deliver too, which may be gone when the daemon ends."""
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    seen = [octets for pairs in running.hunt.seen.values()
            for where, octets in pairs if where.startswith("cmdline")]
    assert any(s.startswith(program("deliver").encode()) for s in seen)
    assert len(seen) == 3


# ---- what the processes keep ----

def rows(path):
    with open(path) as f:
        return f.read()


def processes(site):
    """{name: pid} of parent, queue and deliver."""
    queue = site.queue_pid()
    found = {"parent": site.daemon.pid, "queue": queue}
    for pid in canary.family(site.daemon.pid):
        if pid not in found.values():
            assert "deliver" in rows("/proc/%d/comm" % pid)
            found["deliver"] = pid
    return found


def signs_in(kind, make_site, make_server):
    """A site that does so in that way; at once after it, deliver waits for the
    server, as long as the fault that is returned as well says so."""
    provider = "smtp" if kind == "plain" else "office365"
    server = make_server(
        provider=provider, **({"mechanisms": ["PLAIN"]} if kind == "plain"
                              else {}))
    site = make_site(server, provider=provider, linger="5m",
                     auth="xoauth2" if kind == "xoauth2" else
                     "plain" if kind == "plain" else "login")
    if kind == "xoauth2":
        site.conf["account"].update(password_file=None,
                                    token_file=site.path("conf/token"))
    if kind == "command":
        site.conf["account"].update(password_file=None, password_command=(
            "/bin/cat " + site.path("conf/password")))
    fault = server.faults.add(state="mail", stall=True)
    site.start()
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait(lambda: fault.struck, "the command after the sign-in")
    assert server.record.connections[0].mechanism == \
        {"xoauth2": "XOAUTH2", "plain": "PLAIN"}.get(kind, "LOGIN")
    return site, fault


@needs_root
@pytest.mark.parametrize("kind", ["login", "plain", "xoauth2", "command"])
def test_nothing_of_it_stays_in_memory(make_site, make_server, kind):
    """In none of the processes, in none of its forms: neither at once after
    the sign-in nor while the session that it opened goes on."""
    site, fault = signs_in(kind, make_site, make_server)
    search = canary.Search(site.hunt.secrets())
    found = processes(site)
    assert set(found) == {"parent", "queue", "deliver"}
    for name, pid in found.items():
        assert search.look_at_memory(pid) > 100000, name
    fault.release()
    site.server.record.wait_messages(1)
    site.wait_empty()
    for pid in found.values():
        search.look_at_memory(pid)
    # The search does see what is there: the mailbox's name.
    with pytest.raises(canary.Leak):
        canary.Search([USER]).look_at_memory(found["deliver"])


@needs_root
def test_nobody_may_look_into_what_holds_one(make_site, make_server):
    """No core is left, and no process of the same user can trace it."""
    site, _ = signs_in("login", make_site, make_server)
    found = processes(site)
    for name in ("deliver", "queue"):
        limits = rows("/proc/%d/limits" % found[name])
        line = [x for x in limits.splitlines() if "core file size" in x]
        assert line[0].split()[4:6] == ["0", "0"], name
        # What cannot be dumped belongs to root in /proc.
        assert os.stat("/proc/%d/mem" % found[name]).st_uid == 0, name
        assert "Uid:\t%d\t" % site.uid in rows(
            "/proc/%d/status" % found[name])
    said = subprocess.run(
        ["cat", "/proc/%d/environ" % found["deliver"]], user=site.uid,
        group=site.gid, extra_groups=[], capture_output=True)
    assert said.returncode != 0 and not said.stdout
