# SPDX-License-Identifier: ISC
"""mailchute test: each stage of one message, and what the exit status says."""

import json
import os
import re
import signal
import subprocess

from lib.notify import DEADLINE
from lib.site import USER, program

ACCEPTED, USAGE, REFUSED, WAITING = 0, 64, 69, 75
TO = "someone@example.net"


def stages(done):
    """[(stage, the rest of its line)]"""
    return re.findall(r"^\d\d:\d\d:\d\d  (\w+) +(.*)$", done.stdout, re.M)


def test_accepted(running, server):
    done = running.mailchute("test", TO)
    assert (done.returncode, done.stderr) == (ACCEPTED, ""), done
    said = dict(stages(done))
    [message] = server.record.accepted
    id = re.search(r"as ([0-9A-F]{12})$", said["committed"])[1]
    assert TO in said["submitted"]
    assert message.header("Message-ID") in said["submitted"]
    assert re.match(r"to localhost at \S+:%d, TLSv1\.3, signed in as %s$" % (
        server.port, re.escape(USER)), said["connected"]), said
    assert said["accepted"].startswith(TO + " by localhost: 250 2.0.0 OK"), \
        said
    assert message.reply.split(" ", 1)[1] in said["accepted"]
    assert [e["id"] for e in running.json("trace", id)] == [id]
    order = [stage for stage, _ in stages(done)]
    assert [s for s in order if s not in ("waiting", "sending")] == [
        "submitted", "committed", "connected", "accepted"]


def test_what_it_sends(running, server):
    """Whoever gets it knows what it is."""
    assert running.mailchute("test", TO).returncode == ACCEPTED
    [message] = server.record.accepted
    assert message.addresses == [TO]
    assert message.header("To") == TO
    assert message.header("Subject") == \
        "Test of mailchute on web01.contoso.example"
    assert message.header("Auto-Submitted") == "auto-generated"
    assert message.header("Date") and message.header("From")
    body = message.body.decode()
    version = running.mailchute("--version").stdout.split()[1]
    for word in ("mailchute test", "web01.contoso.example", version,
                 message.header("Date")):
        assert word in body, body


def test_refused(make_site, make_server):
    server = make_server(recipient_replies={"gone*": "550 5.1.1 User unknown"})
    site = make_site(server).start()
    done = site.mailchute("test", "gone@example.net")
    assert done.returncode == REFUSED, done
    stage, text = stages(done)[-1]
    assert stage == "refused"
    assert "550 5.1.1 User unknown" in text
    # What that means and what to do, by the catalogue.
    assert re.search(r"^ +means +\S", done.stdout, re.M), done.stdout
    assert re.search(r"^ +do +\S", done.stdout, re.M), done.stdout


def test_put_off_and_then_accepted(make_site, make_server):
    """It waits for the next try, and says until when."""
    server = make_server()
    site = make_site(server)
    site.conf["queue"]["retry"] = "1s"
    server.faults.add(state="rcpt", reply="451 4.3.2 Not now")
    site.start()
    done = site.mailchute("test", TO)
    assert done.returncode == ACCEPTED, done
    said = stages(done)
    assert any(stage == "waiting" and "451 4.3.2 Not now" in text
               for stage, text in said), said
    assert said[-1][0] == "accepted"


def test_waits_for_somebody(site, server):
    """A wrong password: no time limit has to pass before that is told, since
    the account is tried again much later."""
    site.secret("password", "wrong\n")
    site.start()
    done = site.mailchute("test", TO)
    assert done.returncode == WAITING, done
    assert "its next try comes after the time to wait" in done.stderr
    stage, text = stages(done)[-1]
    assert stage == "waiting" and "535" in text, done.stdout
    assert re.search(r"^ +do +\S", done.stdout, re.M), done.stdout
    [message] = site.queue()
    assert message["id"] in done.stderr


def test_paused(running):
    running.mailchute("pause")
    done = running.mailchute("test", TO)
    assert done.returncode == WAITING, done
    assert "delivery is paused" in stages(done)[-1][1]
    assert len(running.queue()) == 1


def test_next_try_beyond_the_limit(make_site, make_server):
    server = make_server()
    site = make_site(server)
    site.conf["queue"]["retry"] = "1h"
    server.faults.add(state="rcpt", reply="451 4.3.2 Not now")
    site.start()
    done = site.mailchute("test", TO, "--timeout", "10m")
    assert done.returncode == WAITING, done
    assert "its next try comes after the time to wait" in done.stderr
    assert "next try in" in done.stdout


def test_time_is_over(make_site, make_server):
    server = make_server()
    server.faults.add(state="dot", stall=True)
    site = make_site(server).start()
    done = site.mailchute("test", TO, "--timeout=1s")
    assert done.returncode == WAITING, done
    assert "the time to wait is over" in done.stderr
    site.wait(lambda: [m["state"] for m in site.queue()] == ["active"],
              "the message with the server")


def begin(site, *args, **how):
    return subprocess.Popen(
        [program("mailchute"), "-C", site.conf_path, "test", TO, *args],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=site.environment(), **how)


def read_until(proc, stage):
    said = []
    for line in proc.stdout:
        said.append(line)
        if line.split()[1] == stage:
            return said
    raise AssertionError("no %s: %s" % (stage, said))


def test_interrupted(make_site, make_server):
    """^C leaves it in the queue, and says so."""
    server = make_server()
    fault = server.faults.add(state="dot", stall=True)
    site = make_site(server).start()
    proc = begin(site)
    read_until(proc, "connected")
    proc.send_signal(signal.SIGINT)
    _, stderr = proc.communicate(timeout=DEADLINE)
    assert proc.returncode == WAITING
    [message] = site.queue()
    assert "it stays in the queue as " + message["id"] in stderr
    fault.release()
    server.record.wait_messages(1)


def test_held_meanwhile(make_site, make_server):
    """It is told of what somebody does to the message."""
    server = make_server()
    site = make_site(server)
    site.conf["queue"]["retry"] = "1m"
    server.faults.add(state="rcpt", reply="451 4.3.2 Not now")
    site.start()
    proc = begin(site)
    said = read_until(proc, "committed")
    site.wait(lambda: [r["code"] for r in site.recipients().values()] == [451],
              "the server's answer")
    site.mailchute("hold", said[-1].split()[-1])
    stdout, stderr = proc.communicate(timeout=DEADLINE)
    assert proc.returncode == WAITING
    assert "it waits for somebody to act" in stderr
    assert "held by" in stdout


def test_removed_meanwhile(make_site, make_server):
    server = make_server()
    site = make_site(server)
    site.conf["queue"]["retry"] = "1m"
    server.faults.add(state="rcpt", reply="451 4.3.2 Not now")
    site.start()
    proc = begin(site)
    said = read_until(proc, "committed")
    site.wait(lambda: [r["code"] for r in site.recipients().values()] == [451],
              "the server's answer")
    site.mailchute("remove", said[-1].split()[-1])
    stdout, stderr = proc.communicate(timeout=DEADLINE)
    assert (proc.returncode, stderr) == (REFUSED, "")
    assert stdout.split("\n")[-2].split()[1] == "removed"


def test_stages_come_as_they_happen(make_site, make_server):
    """Who waits sees the connection before the server has answered."""
    server = make_server()
    fault = server.faults.add(state="dot", stall=True)
    site = make_site(server).start()
    proc = begin(site)
    read_until(proc, "connected")
    assert proc.poll() is None
    fault.release()
    stdout, stderr = proc.communicate(timeout=DEADLINE)
    assert (proc.returncode, stderr) == (ACCEPTED, "")
    assert stdout.split("\n")[-2].split()[1] == "accepted"


def test_daemon_ends_meanwhile(make_site, make_server):
    server = make_server()
    server.faults.add(state="dot", stall=True)
    site = make_site(server).start()
    proc = begin(site)
    read_until(proc, "connected")
    site.kill()
    _, stderr = proc.communicate(timeout=DEADLINE)
    assert proc.returncode == WAITING
    assert "still waiting as " in stderr


def test_delivery_is_off(holding):
    done = holding.mailchute("test", TO)
    assert done.returncode == WAITING
    assert "delivery is off" in stages(done)[-1][1]


def test_without_a_daemon(site):
    done = site.mailchute("test", TO)
    assert done.returncode == WAITING, done
    assert [stage for stage, _ in stages(done)] == ["submitted", "dropped"]
    assert "start it" in done.stderr
    assert len(site.dropped()) == 1


def test_neither_daemon_nor_folder(site):
    os.rmdir(site.path("spool/drop"))
    site.write("spool/drop", "")
    done = site.mailchute("test", TO)
    assert done.returncode == WAITING, done
    assert "not submitted" in done.stderr
    os.unlink(site.path("spool/drop"))


def test_refused_by_mailchuted(site):
    site.conf["queue"]["uid_messages"] = "1"
    site.conf["queue"]["delivery"] = "off"
    site.start()
    games = 5
    assert site.mailchute("test", TO, uid=games).returncode == WAITING
    done = site.mailchute("test", TO, uid=games)
    assert done.returncode == WAITING, done
    assert "not submitted" in done.stderr
    assert len(site.queue()) == 1


def test_as_anybody(running, server):
    """One's own message may be followed, without a right to anything else."""
    done = running.mailchute("test", TO, uid=5)
    assert (done.returncode, done.stderr) == (ACCEPTED, ""), done
    assert dict(stages(done))["accepted"]


def test_json(running, server):
    done = running.mailchute("test", TO, "--json")
    assert done.returncode == ACCEPTED, done
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    by = {o["stage"]: o for o in lines}
    assert by["submitted"]["recipient"] == TO
    assert by["committed"]["id"] == by["end"]["id"]
    assert by["connected"]["tls"] == "TLSv1.3"
    assert by["connected"]["user"] == USER
    assert by["accepted"]["code"] == 250
    assert by["accepted"]["relay"] == "localhost"
    assert by["end"]["exit_status"] == 0
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}Z", o["at"])
               for o in lines)


def test_by_a_named_account(make_site, make_server):
    server = make_server()
    site = make_site(server)
    other = dict(site.conf["account"], user="other@contoso.example")
    server.options.users["other@contoso.example"] = site.password
    site.conf["account other"] = other
    site.start()
    done = site.mailchute("test", TO, "--account", "other")
    assert done.returncode == ACCEPTED, done
    assert "signed in as other@contoso.example" in \
        dict(stages(done))["connected"]
    [message] = server.record.accepted
    assert message.user == message.sender == "other@contoso.example"
    done = site.mailchute("test", TO, "--account=nosuch")
    assert done.returncode == REFUSED
    assert 'no account "nosuch"' in done.stderr
    # Mail finds its account by its sender: one that is hidden gets none.
    site.conf["account other"]["user"] = USER
    site.restart()
    done = site.mailchute("test", TO, "--account", "other")
    assert done.returncode == REFUSED
    assert "goes by account (default), not by other" in done.stderr
    assert len(server.record.accepted) == 1


def test_no_address(site):
    for words in ((), ("a@example.net", "b@example.net"), ("",)):
        done = site.mailchute("test", *words)
        assert done.returncode == USAGE, done
    done = site.mailchute("test", "not an address@example.net\n")
    assert done.returncode == REFUSED, done
    assert not site.dropped()


def test_a_local_name(site, server):
    """Aliases are followed, and each of whom they name is waited for."""
    site.write("conf/aliases", "ops: a@example.net, b@example.net\n")
    site.start()
    done = site.mailchute("test", "ops")
    assert done.returncode == ACCEPTED, done
    ends = [text for stage, text in stages(done) if stage == "accepted"]
    assert sorted(t.split()[0] for t in ends) == [
        "a@example.net", "b@example.net"]
