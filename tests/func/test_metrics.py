# SPDX-License-Identifier: ISC
"""mailchute metrics: each figure against what has happened, and a text that
Prometheus takes whatever happens."""

import contextlib
import datetime
import os
import re
import signal
import stat
import subprocess
import time

import pytest

from lib.exposition import Exposition, is_nan
from lib.site import TESTS, USER, program
from lib.tokens import by_secret
from test_check_listen import certificate
from test_listen import add_listener

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER
OTHER = 5
needs_root = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")


def metrics(site, status=0, **how):
    done = site.mailchute("metrics", **how)
    assert done.returncode == status, done
    return Exposition(done.stdout)


def by_state(read, name="mailchute_queue_messages", **labels):
    """{state: value}, those that are 0 left out."""
    return {dict(key)["state"]: value
            for key, value in read.samples(name).items()
            if value and dict(key).items() >= labels.items()}


def results(read, account=USER):
    name = "mailchute_account_recipient_results_total"
    assert read.families[name][0] == "counter"
    return {dict(key)["result"]: value
            for key, value in read.samples(name).items()
            if dict(key)["account"] == account and value}


# ---- the queue ---------------------------------------------------------------------

def test_nothing_has_happened_yet(running):
    """Every series is there: a rule about one that is missing never fires."""
    read = metrics(running)
    assert read.one("mailchute_up") == read.one("mailchute_complete") == 1
    assert read.states("mailchute_verdict", "verdict") == ["ok"]
    assert read.states("mailchute_account_state", "state") == ["ready"]
    states = {"queued", "active", "uncertain", "held"}
    for name in ("mailchute_queue_messages", "mailchute_queue_bytes",
                 "mailchute_account_queue_messages",
                 "mailchute_account_queue_bytes"):
        assert {dict(k)["state"] for k in read.samples(name)} == states
        assert not by_state(read, name)
    assert is_nan(read.one("mailchute_queue_oldest_timestamp_seconds"))
    assert is_nan(read.one("mailchute_account_next_try_timestamp_seconds",
                           account=USER))
    assert set(read.samples(
        "mailchute_account_recipient_results_total").values()) == {0}
    assert set(read.samples("mailchute_alarm").values()) == {0}
    assert read.one("mailchute_delivery_enabled") == 1
    assert read.one("mailchute_delivery_paused") == 0
    done = running.mailchute("--version")
    assert read.one("mailchute_build_info",
                    version=done.stdout.split()[1]) == 1


def test_what_waits_and_since_when(running, server):
    server.options.recipient_replies["later@*"] = "451 4.3.0 Not now"
    before = int(time.time())
    running.submit("later@example.net", stdin=TEXT)
    running.submit("later@example.net", stdin=TEXT + "more\n")
    running.wait(lambda: [m["attempts"] for m in running.queue()] == [1, 1],
                 "two tries")
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    running.wait(lambda: len(running.queue()) == 2, "the third to go")
    held = running.queue()[1]["id"]
    assert running.mailchute("hold", held).returncode == 0
    queue, read = running.queue(), metrics(running)
    assert by_state(read) == {"queued": 1, "held": 1}
    assert by_state(read, "mailchute_queue_bytes") == {
        m["state"]: m["size"] for m in queue}
    assert by_state(read, "mailchute_account_queue_messages",
                    account=USER) == {"queued": 1, "held": 1}
    assert by_state(read, "mailchute_account_queue_bytes", account=USER) == {
        m["state"]: m["size"] for m in queue}
    assert before <= read.one("mailchute_queue_oldest_timestamp_seconds") \
        <= time.time()
    assert results(read) == {"delivered": 1, "deferred": 2}
    assert read.states("mailchute_verdict", "verdict") == ["warning"]


def test_a_message_that_is_being_sent_and_then_uncertain(make_site, server):
    site = make_site(server)
    site.conf["queue"]["uncertain"] = "hold"
    site.write_conf()
    site.start()
    fault = server.faults.add(state="dot", stall=True)
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_event("stall", "dot")
    site.wait(lambda: by_state(metrics(site)) == {"active": 1}, "its claim")
    assert metrics(site).one("mailchute_account_connections",
                             account=USER) == 1
    server.disconnect()
    fault.release()
    site.wait(lambda: by_state(metrics(site)) == {"held": 1}, "no answer")
    assert results(metrics(site)) == {"uncertain": 1}


def test_how_recipients_ended(running, server):
    server.options.recipient_replies["no*@*"] = "550 5.1.1 No such user"
    running.submit("no1@example.net", "no2@example.net", "a@example.net",
                   "b@example.net", stdin=TEXT)
    server.record.wait_messages(2)  # and the notice
    running.wait_empty()
    read = metrics(running)
    assert results(read) == {"delivered": 3, "bounced": 2}
    assert read.one("mailchute_day_failed_messages") == 1
    running.mailchute("pause")
    running.submit("a@example.net", stdin=TEXT)
    assert metrics(running).one("mailchute_delivery_paused") == 1
    assert running.mailchute("remove", "ALL", "--yes").returncode == 0
    assert results(metrics(running)) == {"delivered": 3, "bounced": 2,
                                         "removed": 1}


def test_counters_begin_with_the_daemon(running, server):
    """So does the instant that they are from; what waits is as it was."""
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    running.wait_empty()
    began = metrics(running).one("mailchute_start_time_seconds")
    assert 0 <= time.time() - began
    running.stop()
    running.start()
    read = metrics(running)
    assert not results(read)
    assert read.one("mailchute_start_time_seconds") >= began
    assert read.one("mailchute_account_day_messages", account=USER) == 1


def test_counters_begin_anew_with_a_new_configuration(running, server):
    running.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    running.wait_empty()
    assert results(metrics(running)) == {"delivered": 1}
    began = metrics(running).one("mailchute_start_time_seconds")
    running.daemon.send_signal(signal.SIGHUP)
    running.log.wait_for("started", nth=2)
    read = metrics(running)
    assert not results(read)
    assert began <= read.one("mailchute_start_time_seconds") <= time.time()


def test_delivery_that_is_off(make_site, server):
    site = make_site(server)
    site.conf["queue"]["delivery"] = "off"
    site.write_conf()
    site.start()
    assert metrics(site).one("mailchute_delivery_enabled") == 0


# ---- accounts ----------------------------------------------------------------------

def test_a_budget_and_what_is_left_of_it(make_site, server):
    site = make_site(server, rate="2/1h", recipients_per_day="100",
                     linger="10m").start()
    site.submit("a@example.net", "b@example.net", stdin=TEXT)
    site.submit("c@example.net", stdin=TEXT)
    server.record.wait_messages(2)
    site.wait_empty()
    site.submit("d@example.net", stdin=TEXT)
    site.wait(lambda: site.status()["accounts"][0]["state"] == "budget",
              "the budget's end")
    read = metrics(site)

    def account(name):
        return read.one("mailchute_account_" + name, account=USER)

    assert read.states("mailchute_account_state", "state") == ["budget"]
    assert account("window_messages") == account("window_messages_limit") == 2
    assert account("window_seconds") == 3600
    assert account("day_messages") == 2
    assert (account("day_recipients"), account("day_recipients_limit")) \
        == (3, 100)
    assert (account("connections"), account("connections_limit")) == (1, 2)
    assert 0 < account("next_try_timestamp_seconds") - time.time() <= 3601


def test_no_limit_is_infinite(make_site, server):
    read = metrics(make_site(server, recipients_per_day="none").start())
    for name in ("window_messages", "day_recipients"):
        assert read.one("mailchute_account_%s_limit" % name,
                        account=USER) == float("inf")
    assert read.one("mailchute_account_window_seconds", account=USER) == 60


def test_an_account_that_is_held(running, server):
    server.options.users[USER] = "another"
    running.submit("a@example.net", stdin=TEXT)
    running.wait(lambda: running.status()["verdict"] == "critical", "a hold")
    read, (account,) = metrics(running), running.status()["accounts"]
    assert read.states("mailchute_account_state", "state") == ["held"]
    assert read.states("mailchute_verdict", "verdict") == ["critical"]
    assert read.states("mailchute_alarm", "kind", account=USER) == [
        "account-held"]
    at = read.one("mailchute_account_next_try_timestamp_seconds",
                  account=USER)
    assert account["next_at"] == time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                               time.gmtime(at))


def test_accounts_apart(make_site, server):
    """Also one that is called as the plain one's mailbox: once, whatever it
    says, since readers refuse a text with a sample twice."""
    site = make_site(server, provider="smtp", user="shop", senders=USER,
                     rewrite="never")
    server.options.users["shop"] = server.options.users[USER]
    for name in ("shop", "lab"):
        site.conf["account " + name] = {
            "provider": "smtp", "host": "127.0.0.1", "port": 1,
            "tls": "none", "user": None, "senders": name + "@example.net"}
    site.write_conf()
    site.start()
    site.submit("a@example.net", stdin="From: lab@example.net\n\nx\n")
    site.wait(lambda: site.queue()[0]["state"] == "queued" and
              "backoff" in [a["state"] for a in site.status()["accounts"]],
              "a back-off")
    read = metrics(site)
    assert read.states("mailchute_account_state", "state",
                       account="lab") == ["backoff"]
    assert read.states("mailchute_account_state", "state",
                       account="shop") == ["ready"]
    assert by_state(read, "mailchute_account_queue_messages",
                    account="lab") == {"queued": 1}
    assert not by_state(read, "mailchute_account_queue_messages",
                        account="shop")


def test_any_name_is_valid_text(make_site, server):
    name = "contoso\\n\xf6rd"  # a Windows domain's user, which is no new line
    site = make_site(server, provider="smtp", user=name, senders=USER,
                     rewrite="never")
    site.start()
    read = metrics(site)
    assert read.states("mailchute_account_state", "state",
                       account=name) == ["ready"]


def test_what_ends_when(site, entra, server):
    day = datetime.datetime.now(datetime.timezone.utc).date() \
        + datetime.timedelta(40)
    by_secret(site, entra, client_secret_expires=day.isoformat())
    site.start()
    account, = site.status()["accounts"]
    read = metrics(site)
    ends = read.samples("mailchute_expires_timestamp_seconds")
    assert {dict(k)["what"] for k in ends} == {"client_secret"}
    name = account["name"]
    at = read.one("mailchute_expires_timestamp_seconds", account=name,
                  what="client_secret")
    assert account["expires"][0]["at"] == time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    assert is_nan(read.one("mailchute_account_token_expires_timestamp_seconds",
                           account=name))
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    read = metrics(site)
    assert time.time() < read.one("mailchute_account_token_expires_timestamp_seconds",
                                  account=name) <= time.time() + 2 * 86400
    assert read.one("mailchute_account_token_failures", account=name) == 0
    # It ends all the time: no rule about the others is about it.
    assert {dict(k)["what"] for k in
            read.samples("mailchute_expires_timestamp_seconds")} == {
                "client_secret"}


# ---- the host ----------------------------------------------------------------------

def test_disks(running):
    running.conf["queue"]["free_space_min"] = "2M"
    running.write_conf()
    running.restart()
    read = metrics(running)
    for folder, path in (("queue", "lib"), ("drop", "spool/drop")):
        disk = os.statvfs(running.path(path))
        assert read.one("mailchute_disk_size_bytes",
                        folder=folder) == disk.f_blocks * disk.f_frsize
        free = read.one("mailchute_disk_free_bytes", folder=folder)
        assert 0 < free <= disk.f_blocks * disk.f_frsize
    assert read.one("mailchute_disk_free_min_bytes") == 2 * 1024 * 1024


def test_the_drop_folder(running):
    folder = running.path("spool/drop")
    name = "mailchute_drop_folder_files"
    assert metrics(running).one(name, kind="waiting") == 0
    running.stop()
    running.submit("a@example.net", stdin=TEXT)
    with open(folder + "/aside.x", "w"):
        pass
    # Without a daemon mailchute's own takes what is there, and looks after.
    read = metrics(running)
    assert read.one(name, kind="waiting") == 0
    assert read.one(name, kind="aside") == 1
    assert by_state(read) == {"queued": 1}
    with open(folder + "/half", "w") as f:
        f.write("mailchute drop 1\n")
    assert metrics(running).one(name, kind="waiting") == 1


# ---- whoever asks, and whatever answers --------------------------------------------

@needs_root
def test_others_see_the_whole_alone(running):
    running.mailchute("pause")
    running.submit("a@example.net", stdin=TEXT)
    mine, all_of_it = metrics(running, uid=OTHER), metrics(running)
    assert mine.one("mailchute_up") == 1
    assert mine.one("mailchute_complete") == 0
    assert by_state(mine) == {"queued": 1}
    assert not any(n.startswith(("mailchute_account", "mailchute_alarm",
                                 "mailchute_disk", "mailchute_drop",
                                 "mailchute_expires"))
                   for n in mine.families)
    assert set(mine.families) < set(all_of_it.families)
    done = running.mailchute("metrics", uid=OTHER)
    assert USER not in done.stdout


def test_without_a_daemon(running, server):
    """Who may look without one still sees what waits."""
    server.options.recipient_replies["later@*"] = "451 4.3.0 Not now"
    running.submit("later@example.net", stdin=TEXT)
    running.wait(lambda: running.queue()[0]["attempts"] == 1, "a try")
    running.stop()
    read = metrics(running)
    assert read.one("mailchute_up") == 0
    assert read.states("mailchute_verdict", "verdict") == ["critical"]
    assert by_state(read) == {"queued": 1}
    assert "mailchute_account_recipient_results_total" not in read.families
    assert "mailchute_start_time_seconds" not in read.families


def is_down(read, verdict="critical"):
    assert set(read.families) == {"mailchute_up", "mailchute_build_info",
                                  "mailchute_verdict"}
    assert read.one("mailchute_up") == 0
    assert read.states("mailchute_verdict", "verdict") == [verdict]


@needs_root
def test_without_a_daemon_for_others(site):
    is_down(metrics(site, 69, uid=OTHER))


@contextlib.contextmanager
def stopped(pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_daemon_that_hangs(running):
    with stopped(running.group(running.daemon.pid)):
        done = running.mailchute("metrics")
    assert done.returncode == 75
    assert "does not answer" in done.stderr
    is_down(Exposition(done.stdout))


def test_a_wrong_configuration(site):
    site.conf["queue"]["lifetim"] = "5d"
    site.write_conf()
    done = site.mailchute("metrics")
    assert done.returncode == 78 and "lifetime" in done.stderr
    is_down(Exposition(done.stdout))


@needs_root
def test_a_configuration_that_may_not_be_read(running):
    os.chmod(running.conf_path, 0o600)
    is_down(metrics(running, 78, uid=OTHER), "unknown")


# ---- a file ------------------------------------------------------------------------

def test_a_file_for_the_textfile_collector(running):
    folder = running.path("textfile")
    os.mkdir(folder)
    path = folder + "/mailchute.prom"
    done = running.mailchute("metrics", "--output", path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with open(path) as old:
        assert Exposition(old.read()).one("mailchute_up") == 1
        old.seek(0)
        # The next one is another file: whoever reads has the old one whole.
        assert running.mailchute("metrics", "--output=" + path
                                 ).returncode == 0
        assert Exposition(old.read()).one("mailchute_up") == 1
        assert os.fstat(old.fileno()).st_ino != os.stat(path).st_ino
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o644
    assert os.listdir(folder) == ["mailchute.prom"]


@needs_root
def test_a_file_tells_that_nothing_answers(running):
    """The last good answer would be there for ever."""
    folder = running.path("textfile")
    os.mkdir(folder)
    os.chown(folder, OTHER, OTHER)
    path = folder + "/mailchute.prom"
    assert running.mailchute("metrics", "--output", path,
                             uid=OTHER).returncode == 0
    running.stop()
    assert running.mailchute("metrics", "--output", path,
                             uid=OTHER).returncode == 69
    with open(path) as f:
        is_down(Exposition(f.read()))


def test_a_file_that_cannot_be_written(running):
    path = running.path("no/such/folder/x.prom")
    done = running.mailchute("metrics", "--output", path)
    assert done.returncode == 73
    assert path in done.stderr


def test_a_file_is_on_the_disk_before_it_is_there(running, tmp_path):
    """A crash of the host leaves the old one, or the new one, and no empty
    one."""
    trace, path = tmp_path / "trace", str(tmp_path / "x.prom")
    subprocess.run(["strace", "-q", "-y", "-e", "trace=fsync,rename,renameat,"
                    "renameat2", "-o", trace, program("mailchute"), "-C",
                    running.conf_path, "metrics", "--output", path],
                   check=True, env=running.environment(leaks=False))
    calls = [line for line in trace.read_text().splitlines()
             if path in line]
    assert [re.match(r"\w+", c)[0] for c in calls] == ["fsync", "rename"]
    new = re.search(r"<([^>]+)>", calls[0])[1]
    assert os.path.dirname(new) == str(tmp_path)
    assert not new.endswith(".prom")  # which the collector would read
    assert '"%s", "%s"' % (new, path) in calls[1]


# ---- documents ---------------------------------------------------------------------

def test_the_rules_are_about_what_there_is(site):
    """A rule about a series that is not there never fires."""
    add_listener(site, tls="starttls", **certificate(site, 90))
    site.start()
    with open(os.path.join(TESTS, "../packaging/prometheus/"
                           "mailchute.rules.yml")) as f:
        rules = f.read()
    said = metrics(site)
    named = set(re.findall(r"\bmailchute_[a-z_]+", rules))
    assert len(named) >= 8
    # Nothing ends where a password is used.
    assert named - set(said.families) <= {
        "mailchute_expires_timestamp_seconds"}
    for name, label, value in re.findall(
            r'(mailchute_\w+)\{(\w+)="([^"]+)"\}', rules):
        assert any(dict(k)[label] == value for k in said.samples(name)), name
