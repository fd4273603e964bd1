# SPDX-License-Identifier: ISC
"""Where lines go: to syslog unless another place is configured.

Each test has a /dev of its own, with a syslog of its own, that programs under
it see.
"""

import os
import queue
import re
import socket
import threading

import pytest

from lib.notify import DEADLINE
from lib.site import USER, program

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a /dev of its own")

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER

OWN_DEV = """
    set -e
    mount --make-rprivate /
    mount -t tmpfs none "$1/dev"
    for name in null zero full random urandom tty; do
        : >"$1/dev/$name"
        mount --bind "/dev/$name" "$1/dev/$name"
    done
    ln -s "$1/syslog/log" "$1/dev/log"
    mount --move "$1/dev" /dev
    shift
    exec "$@"
"""


class Syslog:
    """Hears what programs that are started through it say."""

    def __init__(self, site):
        self.site = site
        self.lines = []
        os.mkdir(site.path("dev"))
        os.mkdir(site.path("syslog"))
        os.chmod(site.path("syslog"), 0o755)
        self.through = ["unshare", "-m", "sh", "-c", OWN_DEV, "sh", site.root]
        self.open()

    def open(self):
        self.path = self.site.path("syslog/log")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o666)
        self.heard = queue.SimpleQueue()
        self.listen()

    def _hear(self):
        """All the time: who says more than ten lines to one that does not listen
        waits for it."""
        while octets := self.socket.recv(65536):
            self.heard.put(octets.decode("utf-8", "replace"))

    def _say(self, octets):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(octets, self.path)

    def hang(self):
        """It is there, and hears nothing until listen."""
        self._say(b"")
        self.thread.join()

    def listen(self):
        self.thread = threading.Thread(target=self._hear, daemon=True)
        self.thread.start()

    def close(self):
        if self.thread.is_alive():
            self._say(b"")
            self.thread.join()
            self.socket.close()
            os.unlink(self.path)

    def wait_for(self, pattern):
        """The next line that the pattern is found in."""
        while True:
            line = self.heard.get(timeout=DEADLINE)
            self.lines.append(line)
            if re.search(pattern, line):
                return line

    def call(self, name, *args, stdin=TEXT, uid=None):
        become = ["setpriv", "--reuid=%d" % uid, "--clear-groups"] \
            if uid else []
        return self.site.run([*self.through, *become, program(name), "-C",
                              self.site.conf_path, *args], stdin=stdin)

    def told(self):
        """All that was said up to now."""
        self._say(b"up to now")
        while (line := self.heard.get(timeout=DEADLINE)) != "up to now":
            self.lines.append(line)
        return self.lines


@pytest.fixture
def syslog(site):
    site.conf.pop("log")
    log = Syslog(site)
    yield log
    log.close()


def start(site, syslog):
    return site.start(through=syslog.through)


def test_the_default(site, syslog, server):
    """All of mailchuted's processes, as the facility mail, and no debug."""
    start(site, syslog)
    assert re.match(r"<21>.* mailchuted\[\d+\]: event=started ",
                    syslog.wait_for("event=started"))
    site.submit("a@example.net", stdin=TEXT)
    assert syslog.wait_for("event=queued").startswith("<22>")
    line = syslog.wait_for("event=delivered")
    assert "rcpt=a@example.net" in line
    server.record.wait_messages(1)
    assert not [line for line in syslog.told() if line.startswith("<23>")]


@pytest.mark.parametrize("level, some, none", [
    ("warning", "", "event=(started|queued|delivered)"),
    ("notice", "event=started", "event=(queued|delivered)"),
    ("info", "event=delivered", "^<23>"),
    ("debug", "^<23>", "^<2[89]>")])
def test_levels(site, syslog, server, level, some, none):
    site.conf["log"] = {"level": level}
    start(site, syslog)
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    site.wait_empty()
    site.stop()
    told = syslog.told()
    assert not [line for line in told if re.search(none, line)]
    assert not some or [line for line in told if re.search(some, line)]


def test_deliver_says_its_lines_too(site, syslog, server):
    """Through its sandbox."""
    site.conf["log"] = {"level": "debug"}
    start(site, syslog)
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    site.wait_empty()
    site.stop()
    assert [line for line in syslog.told() if " deliver[" in line]


def test_a_syslog_that_was_started_anew(site, syslog, server):
    """It makes a new socket at the place; a sandbox must not be in the way."""
    start(site, syslog)
    syslog.wait_for("event=started")
    syslog.close()
    syslog.open()
    site.submit("a@example.net", stdin=TEXT)
    assert "rcpt=a@example.net" in syslog.wait_for("event=delivered")


def test_without_a_syslog(site, syslog, server):
    """That nobody listens is no reason not to carry mail."""
    syslog.close()
    start(site, syslog)
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)


def test_a_syslog_that_hangs(site, syslog, server):
    """Lines are lost, and told of; mail is not."""
    start(site, syslog)
    syslog.wait_for("event=started")
    syslog.hang()
    for i in range(20):
        site.submit("a%d@example.net" % i, stdin=TEXT)
    server.record.wait_messages(20)
    syslog.listen()
    site.submit("after@example.net", stdin=TEXT)
    line = syslog.wait_for("event=log-lost")
    assert line.startswith("<20>") and " mailchuted[" in line
    assert "rcpt=after@example.net" in syslog.wait_for("rcpt=after@")


def test_sendmail_has_its_notes_there(site, syslog):
    """What is no error is no text for the caller."""
    done = syslog.call("sendmail", "-i", "-Nsometimes", "a@example.net")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert re.match(r"<21>.* sendmail(\[\d+\])?: ",
                    syslog.wait_for("sometimes"))


HEAD = "From: %s\nSubject: x\n\n" % USER


@pytest.mark.parametrize("args, stdin, priority, told", [
    ([], HEAD + "hello\n.\nleft out\n", 21, r"9 octets after .* -i to keep"),
    (["-i"], HEAD + "a\0b\0\n", 21, "2 NUL octets were left out of <"),
    (["-i"], "", 21, "the message <.*> was empty"),
    (["-B9BIT"], TEXT, 21, "option -B: the value .*9BIT"),
    (["-R", "some"], TEXT, 21, "option -R: the value .*some"),
    (["-V", "a b"], TEXT, 21, "option -V: the value .*a b"),
    (["-oex"], TEXT, 21, "option -oe: the value .*x"),
    (["-O", "ErrorMode=x"], TEXT, 21, "option -oe: the value .*x"),
    (["bad@@example.net"], TEXT, 19, "not sent to bad@@example.net")],
    ids=["dot", "NUL", "empty", "-B", "-R", "-V", "-oe", "-O", "recipient"])
def test_what_the_caller_is_not_told(site, syslog, args, stdin, priority,
                                     told):
    """The message is safe, so that stderr is silent; somebody has to know."""
    done = syslog.call("sendmail", *args, "a@example.net", stdin=stdin)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    line = syslog.wait_for(told)
    assert re.match(r"<%d>.* sendmail(\[\d+\])?: " % priority, line), line


@pytest.mark.parametrize("args, name", [([], "sendmail"),
                                        (["-L", "b a"], "ba")])
def test_smtp_has_its_notes_there(site, syslog, args, name):
    """Of what lies in the drop folder, is refused, or lost something."""
    envelope = "MAIL FROM:<a@example.net>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"
    done = syslog.call("sendmail", "-bs", "-Bx", *args,
                       stdin=envelope + "a\0b\r\n.\r\n" + envelope + "half")
    assert (done.returncode, done.stderr) == (0, "")
    for told in ("option -B: the value", "the message lies in",
                 "1 NUL octets were left out of <",
                 "did not come to its end and was dropped"):
        line = syslog.wait_for(told)
        assert re.match(r"<21>.* %s(\[\d+\])?: " % name, line), line


def test_smtp_tells_a_refusal_there(site, syslog):
    os.chmod(site.path("spool/drop"), 0o777)
    done = syslog.call("sendmail", "-bs", stdin=(
        "MAIL FROM:<a@example.net>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"
        ".\r\n"))
    assert "\n451 " in done.stdout
    assert syslog.wait_for("was not queued").startswith("<19>")


def test_a_refusal_is_told_there_too(site, syslog):
    done = syslog.call("sendmail", "bad@@example.net")
    assert done.returncode == 65
    reason = done.stderr.strip().partition(": ")[2]
    assert syslog.wait_for(re.escape(reason)).startswith("<19>")


@pytest.mark.parametrize("tag, name", [
    ("backup", "backup"), ("b a\nd/%s[x]", "bads"), ("", "sendmail"),
    ("\u00e9", "sendmail"), (40 * "x", 32 * "x")])
def test_the_name_there_is_the_caller_s_to_choose(site, syslog, tag, name):
    done = syslog.call("sendmail", "-i", "-L", tag, "-Bx", "a@example.net")
    if "\n" not in tag:
        assert done.returncode == 0
    assert re.match(r"<21>.* %sx?(\[\d+\])?: " % name,
                    syslog.wait_for("option -B"))


def test_a_queue_run_by_the_clock(site, syslog):
    """Old scripts start one as some user; nobody is to wonder why not."""
    done = syslog.call("sendmail", "-q30m", uid=5)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert syslog.wait_for("-q").startswith("<21>")


def test_sendmail_says_that_the_configuration_is_wrong(site, syslog):
    """A typing mistake loses no mail, and is told where somebody looks."""
    site.conf["queue"]["life_time"] = "5d"
    site.write_conf()
    done = syslog.call("sendmail", "-i", "a@example.net")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    line = syslog.wait_for("life_time")
    assert "mailchute.conf:" in line


@pytest.mark.parametrize("uid", [5, 61184])
def test_a_wrong_configuration_of_no_use(site, syslog, uid):
    """For anybody else as well."""
    os.chmod(site.conf_path, 0o600)
    os.chown(site.conf_path, 0, 0)
    done = syslog.call("sendmail", "-i", "a@example.net", uid=uid)
    assert done.returncode in (0, 75)
    assert syslog.wait_for(re.escape(site.conf_path))


def test_stderr(site, syslog, server):
    site.conf["log"] = {"target": "stderr"}
    start(site, syslog)
    site.submit("a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    site.wait_empty()
    site.stop()
    with open(site.path("log/stderr")) as f:
        said = f.read()
    assert "event=started" in said and "event=delivered" in said
    assert not syslog.told()


def test_an_interval_of_no_operator_is_noted(site, syslog):
    """Old start scripts: it is no failure, and done all the same."""
    done = syslog.call("sendmail", "-q30m", stdin="", uid=5)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert syslog.wait_for("-q with an interval does nothing for this user")


def test_a_file_that_a_start_left_half_made(site):
    """Root's and empty, since it was cut off there: the next one takes it.
    One that somebody has filled is his."""
    path = site.path("log/log")
    open(path, "w").close()
    site.start()
    seen = os.stat(path)
    assert (seen.st_uid, seen.st_gid) == (site.uid, site.gid)
    site.stop()
    os.chown(path, 0, 0)
    os.chmod(path, 0o644)
    assert site.spawn().wait(DEADLINE) == 78
    assert os.stat(path).st_uid == 0
