# SPDX-License-Identifier: ISC
"""newaliases, by each of its names: it tells what mailchuted will not read."""

import os

import pytest

from lib.site import program

GAMES = 5  # somebody who is neither root nor the daemon's user
NAMES = [["newaliases"], ["sendmail", "-bi"], ["sendmail", "-I"]]


def newaliases(site, name=("newaliases",), **how):
    """It always succeeds: a package's script must not fail for a bad line."""
    done = site.run([program(name[0]), "-C", site.conf_path, *name[1:]],
                    stdin="", **how)
    assert (done.returncode, done.stdout) == (0, ""), done
    assert site.dropped() == []
    assert all(line.startswith(name[0] + ": ")
               for line in done.stderr.splitlines())
    return [line.partition(": ")[2] for line in done.stderr.splitlines()]


@pytest.fixture(params=[None, GAMES], ids=["root", "user"])
def uid(request, site):
    if request.param is not None and not site.is_root:
        pytest.skip("needs root to be somebody else")
    return request.param


@pytest.mark.parametrize("name", NAMES, ids=[" ".join(n) for n in NAMES])
def test_faults_are_named_once(site, uid, name):
    path = site.write("conf/aliases", "this is no alias\nroot: a@example.net\n"
                      "ops: b@@example.net, c@example.net\n")
    told = newaliases(site, name, uid=uid)
    assert len(told) == 2
    assert told[0].startswith(path + ": line 1: ")
    assert told[1].startswith(path + ": line 3: ")


@pytest.mark.parametrize("name", NAMES, ids=[" ".join(n) for n in NAMES])
@pytest.mark.parametrize("text", [
    "", "root: a@example.net\n",
    "# a comment\nnobody: /dev/null\nrun: |\"/bin/mail -s x\"\n"
    "team: a@example.net b@example.net,\n\tc@example.net,\n"])
def test_a_good_file_is_silent(site, uid, name, text):
    site.write("conf/aliases", text)
    assert newaliases(site, name, uid=uid) == []


def test_without_a_file(site, uid):
    os.unlink(site.path("conf/aliases"))
    assert newaliases(site, uid=uid) == []
    site.conf["local"]["aliases"] = site.path("conf/password/aliases")
    site.write_conf()
    assert newaliases(site, uid=uid) == []


@pytest.mark.parametrize("kind", ["fifo", "folder", "large"])
def test_what_is_no_file_of_aliases(site, uid, kind):
    path = site.path("conf/aliases")
    os.unlink(path)
    if kind == "fifo":
        os.mkfifo(path, 0o644)
    elif kind == "folder":
        os.mkdir(path)
    else:
        site.write("conf/aliases", "#" * (1024 * 1024 + 1))
    line, = newaliases(site, uid=uid)
    assert line.startswith(path)


def test_the_largest_file(site):
    site.write("conf/aliases", "#" * (1024 * 1024))
    assert newaliases(site) == []


def test_it_sees_with_the_eyes_of_the_daemon(site):
    """Root reads what the daemon's user does not; and newaliases is root's."""
    if not site.is_root:
        pytest.skip("needs root")
    path = site.write("conf/aliases", "root: a@example.net\n", mode=0o600)
    line, = newaliases(site)
    assert line.startswith(path + ": Permission denied")
    os.chmod(path, 0o640)
    os.chown(path, 0, site.gid)
    assert newaliases(site) == []
    os.mkdir(site.path("closed"), 0o700)
    site.conf["local"]["aliases"] = site.path("closed/aliases")
    site.write_conf()
    line, = newaliases(site)
    assert "Permission denied" in line


def test_lists_that_will_be_refused(site):
    good = site.write("good", "a@example.net\n")
    bad = site.write("bad", "a@example.net\n", mode=0o666)
    odd = site.write("odd", "a@example.net\nb@@example.net\n")
    outer = site.write("outer", ":include:%s\n" % site.path("inner"))
    site.write("conf/aliases", "".join(
        "%s: :include:%s\n" % (name, path) for name, path in (
            ("good", good), ("bad", bad), ("odd", odd), ("outer", outer),
            ("again", bad), ("gone", site.path("gone")))))
    told = newaliases(site)
    assert len(told) == 4, told
    for path, what in ((bad, "writable by nobody else"), (odd, "line 2: "),
                       (site.path("inner"), "No such file"),
                       (site.path("gone"), "No such file")):
        line, = [line for line in told if path in line]
        assert what in line


def test_a_list_of_a_stranger_s(site):
    if not site.is_root:
        pytest.skip("needs root to give a file away")
    path = site.write("list", "a@example.net\n")
    site.write("conf/aliases", "team: :include:%s\n" % path)
    os.chown(path, GAMES, GAMES)
    line, = newaliases(site)
    assert path in line and "must belong to root or queue.user" in line
    for owner in (0, site.uid):
        os.chown(path, owner, 0)
        assert newaliases(site) == []


def test_a_folder_that_is_closed_for_a_while(site):
    """The aliases of yesterday hold, and the log says so once."""
    if not site.is_root:
        pytest.skip("needs root for a folder that is not the daemon's")
    os.mkdir(site.path("etc"), 0o755)
    site.write("etc/aliases", "root: ops@example.net\n")
    site.conf["local"]["aliases"] = site.path("etc/aliases")
    site.conf["queue"]["delivery"] = "off"
    site.start()
    site.submit("root")
    os.chmod(site.path("etc"), 0o700)
    site.submit("root")
    site.submit("root")
    assert [list(r["address"] for r in m["recipients"])
            for m in site.queue()] == [["ops@example.net"]] * 3
    told = [e for e in site.log.events("aliases") if "reached" in e["text"]]
    assert len(told) == 1


def test_the_log_tells_of_bad_lines_and_of_what_is_not_run(holding):
    path = holding.write("conf/aliases", "this is no alias\n"
                         "run: \"|/bin/mail -s x\"\nwrite: /var/mail/x\n")
    holding.submit("run", "write", "run")
    assert list(holding.recipients()) == ["it@contoso.example"]
    told = holding.log.events("aliases")
    line, = [e for e in told if "line 1" in e["text"]]
    assert line["file"] == path
    for name, target in (("run", "/bin/mail -s x"), ("write", "/var/mail/x")):
        line, = [e for e in told if e.get("target") == target]
        assert line["rcpt"] == name and "local.admin" in line["text"]


@pytest.mark.parametrize("operand", ["root", "root@localhost", "\\root"])
def test_without_aliases(holding, operand):
    """-n: a local name is nobody else's."""
    holding.write("conf/aliases", "root: ops@example.net\n")
    assert holding.sendmail("-n", "-i", operand).returncode == 0
    assert list(holding.recipients()) == ["it@contoso.example"]
    holding.submit("root")
    assert "ops@example.net" in holding.recipients()


def test_verify(site, holding):
    """-bv: it prints, and sends nothing."""
    def verify(*args):
        done = site.sendmail("-bv", *args, stdin="Subject: x\n\nx\n")
        assert holding.queue() == [] and site.dropped() == []
        return done.returncode, done.stdout.splitlines(), done.stderr

    status, lines, told = verify("a@example.net", "root")
    assert (status, told) == (0, "")
    assert lines[0].startswith("a@example.net... well-formed")
    assert lines[1].startswith("root... a local name")
    status, lines, told = verify("a@example.net", "b@@example.net")
    assert (status, told, len(lines)) == (65, "", 2)
    assert lines[1].startswith("b@@example.net: ")
    assert lines[1].endswith("... not deliverable")
    status, lines, told = verify()
    assert (status, lines) == (64, []) and told
    status, lines, told = verify("a\x01b@example.net")
    assert (status, lines) == (65, []) and told
