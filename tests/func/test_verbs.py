# SPDX-License-Identifier: ISC
"""Who may use which verb of mailchute, what it says, and how it exits."""

import grp
import os
import pty
import resource
import select
import signal
import subprocess

import pytest

from lib.site import USER, program, sanitized

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER
NO_ID = "0123456789AB"
CHANGES = ["hold", "release", "retry", "remove", "pause", "resume"]
OTHER = 5  # a user who is neither root nor queue.user

needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")


def ids(site):
    return [m["id"] for m in site.queue()]


def words(verb, number):
    """A verb with what it must have."""
    if verb in ("pause", "resume", "status", "queue"):
        return [verb]
    return [verb, number]


def on_a_terminal(site, *args, answer=None, enough=None, **env):
    """(what mailchute prints on a terminal, its exit status).  It is answered
    once, and ended once enough(text) says so."""
    ours, theirs = pty.openpty()
    proc = subprocess.Popen(
        [program("mailchute"), "-C", site.conf_path, *args], stdin=theirs,
        stdout=theirs, stderr=theirs, env=site.environment(**env))
    os.close(theirs)
    said = ""
    with os.fdopen(ours, "rb+", buffering=0) as terminal:
        if answer is not None:
            terminal.write(answer.encode())
        while True:
            try:
                piece = terminal.read(4096)
            except OSError:  # nobody has it open any more
                break
            said += piece.decode("utf-8", "replace")
            if enough is not None and enough(said):
                proc.send_signal(signal.SIGTERM)
                break
    return said, proc.wait(60)


# ---- rights --------------------------------------------------------------------

def someone(site, who):
    """How to run a command as who."""
    gid = grp.getgrnam("games").gr_gid
    if who == "root":
        return {}
    if who == "queue.user":
        return {"user": site.uid, "group": site.gid, "extra_groups": []}
    return {"user": OTHER, "group": OTHER, "extra_groups": [gid]}


@needs_root
@pytest.mark.parametrize("who", ["root", "queue.user", "member"])
def test_who_may_do_everything(site, who):
    site.conf["queue"].update(delivery="off", admin_group="games")
    site.start()
    how = someone(site, who)
    site.submit("a@example.net", stdin=TEXT)
    number, = ids(site)
    for args in (["queue"], ["show", number], ["trace", number]):
        done = site.mailchute(*args, **how)
        assert done.returncode == 0, done
        assert number in done.stdout and "a@example.net" in done.stdout
    done = site.mailchute("show", number, "--body", **how)
    assert "hello" in done.stdout
    for verb in CHANGES:
        if verb != "remove":
            done = site.mailchute(*words(verb, number), **how)
            assert done.returncode == 0 and done.stdout, (verb, done)
    done = site.mailchute("remove", number, **how)
    assert (done.returncode, done.stdout) == (0, number + ": removed\n")


@needs_root
def test_others_may_change_nothing(holding):
    """Not even their own mail; 77 says so, and what they may see they see."""
    assert holding.sendmail("mine@example.net", uid=OTHER).returncode == 0
    holding.submit("a@example.net", stdin=TEXT)
    before = holding.queue()
    mine, other = ids(holding)
    for verb in CHANGES:
        for number in (mine, other):
            done = holding.mailchute(*words(verb, number), uid=OTHER)
            assert (done.returncode, done.stdout) == (77, ""), (verb, done)
            assert "queue.admin_group" in done.stderr
    for verb in ("hold", "release", "retry"):
        assert holding.mailchute(verb, "ALL", uid=OTHER).returncode == 77
    assert holding.mailchute("remove", "ALL", "--yes",
                             uid=OTHER).returncode == 77
    assert holding.queue() == before
    assert not holding.status()["paused"]
    done = holding.mailchute("show", mine, "--body", uid=OTHER)
    assert done.returncode == 0 and "hello" in done.stdout
    for args in (["show", other], ["show", other, "--body"],
                 ["trace", other], ["trace", "a@example.net"]):
        done = holding.mailchute(*args, uid=OTHER)
        assert (done.returncode, done.stdout) == (66, ""), (args, done)
    status = holding.json("status", uid=OTHER)[0]
    assert (status["waiting"], status["verdict"]) == (2, "warning")


@needs_root
def test_a_queue_run_of_others_is_for_their_own(running, server):
    """Their messages' times alone: no account's back-off ends."""
    server.options.recipient_replies["*"] = "451 4.3.0 Not now"
    running.submit("a@example.net", stdin=TEXT)
    assert running.sendmail("mine@example.net", uid=OTHER).returncode == 0
    for address in ("a@example.net", "mine@example.net"):
        running.wait(lambda a=address: running.recipients()[a]["code"],
                     "a first try")
    tries = {m["uid"]: m["attempts"] for m in running.queue()}
    done = running.sendmail("-q", stdin="", uid=OTHER)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def now():
        return {m["uid"]: m["attempts"] for m in running.queue()}
    running.wait(lambda: now()[OTHER] > tries[OTHER], "a second try")
    assert now()[os.getuid()] == tries[os.getuid()]


# ---- exit statuses ---------------------------------------------------------------

@pytest.mark.parametrize("args", [
    [], ["nonsense"], ["hold"], ["show"], ["trace"], ["trace", ""],
    ["queue", "x"], ["status", "x"], ["pause", "x"], ["show", NO_ID, "0123456789AC"],
    ["hold", "ALL", NO_ID], ["queue", "--body"], ["hold", "--yes", NO_ID],
    ["status", "--nonsense"], ["queue", "-C", "x"], ["-C"], ["--json"]])
def test_64(site, args):
    done = site.mailchute(*args)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.startswith("mailchute: ")


@needs_root
def test_69_without_a_daemon(holding):
    holding.submit("a@example.net", stdin=TEXT)
    number, = ids(holding)
    holding.stop()
    for args in (["queue"], ["show", number], ["trace", number],
                 ["hold", number], ["pause"]):
        done = holding.mailchute(*args, uid=OTHER)
        assert (done.returncode, done.stdout) == (69, ""), (args, done)
        assert done.stderr


def test_78(site):
    site.conf["queue"]["lifetim"] = "5d"
    site.write_conf()
    for verb in ("queue", "config", "pause"):
        done = site.mailchute(verb)
        assert done.returncode == 78
        assert "lifetime" in done.stderr
    done = site.mailchute("status")
    assert done.returncode == 2 and done.stdout.startswith("critical: ")


# ---- the verdict -------------------------------------------------------------------

def test_status_ok_warning_critical(running):
    assert running.mailchute("status").returncode == 0
    assert running.status()["verdict"] == "ok"
    running.mailchute("pause")
    assert running.mailchute("status").returncode == 0  # nothing waits
    running.submit("a@example.net", stdin=TEXT)
    assert running.mailchute("status").returncode == 1
    assert running.status()["verdict"] == "warning"
    running.stop()
    assert running.mailchute("status").returncode == 2
    assert running.status()["verdict"] == "critical"
    assert running.mailchute("status", "x").returncode == 64


def test_status_critical_while_an_account_is_held(running, server):
    server.options.users[USER] = "another password"
    running.submit("a@example.net", stdin=TEXT)
    running.wait(lambda: running.status()["verdict"] == "critical", "a hold")
    assert running.mailchute("status").returncode == 2


@needs_root
@pytest.mark.parametrize("hidden, mode", [("run", 0o700),
                                          ("conf/mailchute.conf", 0o600)])
def test_status_unknown(running, hidden, mode):
    """Whoever may not look does not know; he must not read an alarm."""
    os.chmod(running.path(hidden), mode)
    os.chown(running.path(hidden), running.uid, running.gid)
    done = running.mailchute("status", uid=OTHER)
    assert done.returncode == 3 and done.stdout.startswith("unknown: ")
    assert running.mailchute("status").returncode == 0


def test_watch_goes_on(running):
    """Once more every two seconds, of a fresh look each time."""
    with subprocess.Popen(
            [program("mailchute"), "-C", running.conf_path, "status",
             "--watch", "--json"], stdout=subprocess.PIPE, text=True,
            env=running.environment()) as proc:
        assert '"paused":false' in proc.stdout.readline()
        running.mailchute("pause")
        seen = any('"paused":true' in proc.stdout.readline()
                   for _ in range(30))
        proc.terminate()
    assert seen
    assert proc.returncode == -signal.SIGTERM


def test_watch_clears_a_terminal(running):
    said, _ = on_a_terminal(running, "status", "--watch",
                            enough=lambda text: text.count("\033[J") == 2)
    assert "no mail waits" in said


def test_colour_is_for_terminals_that_want_it(running):
    said, status = on_a_terminal(running, "status")
    assert "\033[32mok\033[0m: " in said and status == 0
    said, _ = on_a_terminal(running, "status", NO_COLOR="1")
    assert said.startswith("ok: ") and "\033" not in said
    said, _ = on_a_terminal(running, "status", NO_COLOR="")  # as if not set
    assert "\033[32m" in said
    assert "\033" not in running.mailchute("status").stdout


# ---- pause, resume, and queue.delivery ------------------------------------------------

def test_since_when_it_is_paused(running):
    """Not since the oldest mail came, and over restarts."""
    running.mailchute("pause")
    running.stop()
    # It was yesterday.
    running.database_change("UPDATE fact SET value = value - 86400"
                            " WHERE name = 'paused_at'")
    (since,), = running.database(
        "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', value, 'unixepoch') FROM fact"
        " WHERE name = 'paused_at'")
    running.start()
    running.submit("a@example.net", stdin=TEXT)
    assert running.status()["since"] == since
    running.mailchute("pause")  # once more changes nothing
    assert running.status()["since"] == since


def test_mail_flows_when_both_allow_it(holding, server):
    holding.submit("a@example.net", stdin=TEXT)
    assert holding.status()["delivery_off"]
    assert "delivery is off" in holding.mailchute("status").stdout
    assert "queue.delivery" in holding.mailq()
    holding.mailchute("pause")
    done = holding.mailchute("resume")
    assert done.returncode == 0 and "off" in done.stdout
    holding.mailchute("pause")
    holding.conf["queue"]["delivery"] = "on"
    holding.write_conf()
    nth = len(holding.log.events("started"))
    holding.daemon.send_signal(signal.SIGHUP)
    holding.log.wait_for("started", nth=nth + 1)
    status = holding.status()
    assert (status["paused"], status["delivery_off"]) == (True, False)
    assert len(holding.queue()) == 1 and not server.record.connections
    done = holding.mailchute("resume")
    assert (done.returncode, done.stdout) == (0, "delivery goes on\n")
    server.record.wait_messages(1)


# ---- confirmations, and what was done -----------------------------------------------

@pytest.mark.parametrize("answer, left", [("yes\n", 0), ("no\n", 1),
                                          ("y\n", 1), ("\n", 1),
                                          ("\x04", 1)])
def test_remove_all_asks(holding, answer, left):
    holding.submit("a@example.net", stdin=TEXT)
    number, = ids(holding)
    said, status = on_a_terminal(holding, "remove", "ALL", answer=answer)
    assert "Type yes to go on" in said
    assert len(ids(holding)) == left
    assert status == (64 if left else 0)
    assert ("nothing was removed" if left else number + ": removed") in said


def test_retry_all_says_what_it_did(running, server):
    """One attempt of an account that is held; held mail is left alone."""
    server.options.users[USER] = "another password"
    running.submit("a@example.net", stdin=TEXT)
    running.wait(lambda: running.status()["accounts"][0]["state"] == "held",
                 "a hold")
    running.submit("b@example.net", stdin=TEXT)
    first, second = ids(running)
    running.mailchute("hold", second)
    seen = len(server.record.connections)
    done = running.mailchute("retry", "ALL")
    assert done.returncode == 0
    assert first + ": due now" in done.stdout
    assert second + ": is held and was left alone" in done.stdout
    assert "account %s may sign in once, now" % USER in done.stdout
    assert "\n1 message\n" in done.stdout
    running.wait(lambda: len(server.record.connections) > seen,
                 "another sign-in")
    assert {m["id"]: m["state"] for m in running.queue()}[second] == "held"


def test_what_is_being_delivered_is_left_alone(running, server):
    """Nothing was done, so it is not told as done; it may be later."""
    fault = server.faults.add(state="mail", stall=True)
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("stall", "mail")
    number, = ids(running)
    for args in (["hold", number], ["release", number], ["remove", number],
                 ["hold", "ALL"], ["remove", "ALL", "--yes"]):
        done = running.mailchute(*args)
        assert done.returncode == 75, (args, done)
        assert number + ": is being delivered now and was left alone" in \
            done.stdout
        assert "left alone; try again" in done.stderr
    # An id that is none stays so.
    assert running.mailchute("hold", number, NO_ID).returncode == 66
    done = running.mailchute("retry", number)
    assert (done.returncode, done.stdout) == (
        0, number + ": is being delivered now\n")
    fault.release()
    server.record.wait_messages(1)


@pytest.mark.parametrize("how", ["pause", "off"])
def test_retry_signs_in_nowhere_while_delivery_stands(running, server, how):
    """And says so, in place of "now"."""
    server.options.users[USER] = "another password"
    running.submit("a@example.net", stdin=TEXT)
    running.wait(lambda: running.status()["accounts"][0]["state"] == "held",
                 "a hold")
    if how == "pause":
        running.mailchute("pause")
    else:
        running.conf["queue"]["delivery"] = "off"
        running.restart()
    seen = server.record.auths
    done = running.mailchute("retry", "ALL")
    assert done.returncode == 0 and " now" not in done.stdout
    assert "due when delivery" in done.stdout
    assert "may sign in once, when delivery" in done.stdout
    assert server.record.auths == seen


@pytest.mark.parametrize("states, whole", [
    (("held", "queued", "uncertain"), "uncertain"),
    (("held", "queued", "held"), "queued"),
    (("held", "held", "held"), "held")])
def test_the_state_of_a_message(holding, states, whole):
    """The first of uncertain, queued, held that a recipient has."""
    holding.submit("a@example.net", "b@example.net", "c@example.net",
                   stdin=TEXT)
    holding.stop()
    for number, state in enumerate(states, 1):
        if state == "queued":
            continue
        if state == "uncertain":
            holding.database_change("UPDATE recipient SET state = 'active',"
                                    " due_at = 0 WHERE id = ?", number)
        holding.database_change("UPDATE recipient SET state = ?, due_at = 0"
                                " WHERE id = ?", state, number)
    holding.start()
    message, = holding.queue()
    assert message["state"] == whole
    assert [r["state"] for r in message["recipients"]] == list(states)


# ---- the journal ---------------------------------------------------------------------

def test_an_alias_hides_nothing(site, server):
    """What was sent to an alias is found by it, when it is finished too."""
    site.write("conf/aliases", "team: a@example.net\n")
    site.start()
    site.submit("team", stdin=TEXT)
    server.record.wait_messages(1)
    site.wait_empty()
    for word in ("team@contoso.example", "TEAM", "a@example.net"):
        event, = site.json("trace", word)
        assert (event["address"], event["original"]) == (
            "a@example.net", "team"), word
        assert "sent to team\n" in site.mailchute("trace", word).stdout


def test_history_is_forgotten(running, server):
    """What is older goes, however much; a reload with another value counts."""
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    running.wait_empty()
    running.stop()
    running.database_change(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 3500) INSERT INTO event (at, what, message, uid, code,"
        " size, arrived_at) SELECT strftime('%s', 'now') - 86400 * 40,"
        " 'delivered', 1, 0, 0, 0, 0 FROM n")
    running.database_change("UPDATE event SET at = at - 86400 * 10"
                            " WHERE message > 1")
    running.start()

    def left():
        return running.database("SELECT count(*) FROM event")[0][0]
    running.wait(lambda: left() == 1, "an end of what is older than 30 days")
    running.conf["queue"]["history"] = "5d"
    running.write_conf()
    running.daemon.send_signal(signal.SIGHUP)
    running.wait(lambda: left() == 0, "an end of what is older than 5 days")
    assert running.mailchute("trace", "a@example.net").returncode == 66


# ---- long listings -------------------------------------------------------------------

LONG = 100000


@pytest.fixture
def long_queue(holding):
    """LONG messages without a body, put there behind mailchute's back."""
    holding.submit("a@example.net", stdin=TEXT)
    holding.stop()
    holding.database_change(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < %d) INSERT INTO message (id, state, due_at, attempts,"
        " arrived_at, uid, account, kind, lane, size, chunks, smtputf8,"
        " delay_notice_at, sender) SELECT m.id - i, 'queued', m.due_at, 0,"
        " m.arrived_at, 0, m.account, 'mail', 1, 0, 0, 0, 0, m.sender"
        " FROM n, message m" % (LONG - 1))
    holding.database_change(
        "INSERT INTO recipient (message, id, state, due_at, attempts, address,"
        " notify, code) SELECT id, 1, 'queued', due_at, 0, 'b@example.net',"
        " 0, 0 FROM message WHERE id NOT IN (SELECT message FROM recipient)")
    return holding.start()


def peak(site, argv, take):
    """The most memory, in KiB, that a command has taken."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE,
                          env=site.environment(leaks=False)) as proc:
        take(proc.stdout)
        _, status, used = os.wait4(proc.pid, 0)
        proc.returncode = os.waitstatus_to_exitcode(status)
    assert proc.returncode == 0
    return used.ru_maxrss


def rss(site):
    """Of all processes of the daemon, in KiB."""
    total = 0
    for pid in site.group(site.daemon.pid):
        with open("/proc/%d/statm" % pid) as f:
            total += int(f.read().split()[1])
    return total * resource.getpagesize() // 1024


def test_a_long_listing_streams(long_queue):
    """Others are served while it is read, and nobody's memory grows."""
    site, before = long_queue, rss(long_queue)
    seen = []

    def take(out):
        select.select([out], [], [])
        # It lies half read while others are answered.
        assert site.status()["waiting"] == LONG
        site.submit("c@example.net", stdin=TEXT)
        seen.append(sum(1 for line in out
                        if line.rstrip().endswith(b"@example.net")))
    mailq = [program("mailq"), "-C", site.conf_path]
    admin = [program("mailchute"), "-C", site.conf_path, "queue", "--json"]
    few = peak(site, [program("mailchute"), "--version"],
               lambda out: out.read())
    def skim(out):
        for _ in out:
            pass
    used = (peak(site, mailq, take), peak(site, admin, skim))
    assert seen[0] >= LONG
    if not sanitized():  # whose memory is another's
        assert max(used) < few + 4096
        assert rss(site) < before + 8192
