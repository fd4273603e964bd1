# SPDX-License-Identifier: ISC
"""mailchute passwd: the file, the person at a terminal, two at once."""

import os
import stat
import subprocess
import threading

import pytest

from lib.site import program
from lib.terminal import Terminal

PASSWORD = "horse battery staple"


@pytest.fixture
def users(site):
    """Where the file will be."""
    site.conf["listen scan"] = {"port": 2525, "auth": "required",
                                "users_file": "users"}
    site.write_conf()
    site.hunt.belongs.add("conf/users")
    site.watch(lambda: [PASSWORD])
    return site.path("conf/users")


def passwd(site, *words, stdin=PASSWORD + "\n", **how):
    return site.mailchute("passwd", *words, stdin=stdin, **how)


def read(path):
    with open(path) as f:
        return f.read()


def logins(path):
    return [line.split(":")[0] for line in read(path).splitlines()]


def terminal(site, *words):
    return Terminal([program("mailchute"), "-C", site.conf_path, "passwd",
                     *words], env=site.environment(), cwd="/")


# ---- what a script says -------------------------------------------------------

def test_add_change_list_delete(site, users):
    done = passwd(site, "scanner")
    assert (done.returncode, done.stdout) == (
        0, users + ": the login is added\n")
    first = read(users)
    assert first.startswith("scanner:$y$")
    done = passwd(site, "SCANNER")
    assert (done.returncode, done.stdout) == (
        0, users + ": the login is changed\n")
    assert read(users).startswith("scanner:$y$") and read(users) != first
    assert passwd(site, "Büro 2").returncode == 0
    done = passwd(site, "--list")
    assert (done.returncode, done.stdout) == (0, "Büro 2\nscanner\n")
    done = passwd(site, "--delete", "scanner")
    assert (done.returncode, done.stdout) == (
        0, users + ": the login is taken out\n")
    assert logins(users) == ["Büro 2"]
    done = passwd(site, "--delete", "scanner")
    assert (done.returncode, done.stderr) == (
        66, "mailchute: there is no such login\n")


def test_only_the_first_line_counts(site, users):
    assert passwd(site, "a", stdin="x" * 511 + " \r\nmore\n").returncode == 0
    assert passwd(site, "b", stdin="without an end").returncode == 0


@pytest.mark.parametrize("stdin, word", [
    (b"", "fewer than 8"), (b"\n" + PASSWORD.encode(), "fewer than 8"),
    (b"short\n", "fewer than 8"), (b"x" * 512 + b"\n", "more than 511"),
    (b"x" * 5000 + b"\n", "too long"), (b"1234\0005678\n", "control"),
    (b"12345678\0\n", "control"), (b"1234567\xff\n", "UTF-8"),
    (b"scanner-1\n", "the login itself"),
])
def test_what_no_password_is(site, users, stdin, word):
    done = passwd(site, "Scanner-1", stdin=stdin)
    assert done.returncode == 64
    assert word in done.stderr
    assert not os.path.exists(users)


@pytest.mark.parametrize("login", ["", "a:b", " a", "a ", "#a", "a\nb",
                                   "x" * 256, b"\xff"])
def test_what_no_login_is(site, users, login):
    done = passwd(site, login)
    assert done.returncode == 64
    assert not os.path.exists(users)


def test_rights_and_comments_stay(site, users):
    hash_ = "$6$saltsalt$" + "x" * 86
    text = "# ours\n\na:%s:a@b.example\n; x\nb:%s\n" % (hash_, hash_)
    with open(users, "w") as f:
        f.write(text)
    os.chmod(users, 0o600)
    if site.is_root:
        os.chown(users, site.uid, site.gid)
    was = os.stat(users)
    assert passwd(site, "b").returncode == 0
    now = os.stat(users)
    assert (now.st_mode, now.st_uid, now.st_gid) == (
        was.st_mode, was.st_uid, was.st_gid)
    assert now.st_ino != was.st_ino
    assert read(users).startswith(text[:text.index("b:")])
    assert logins(users)[-1] == "b"
    assert os.listdir(site.path("conf")).count("users") == 1
    assert not [n for n in os.listdir(site.path("conf")) if "users.new" in n]


def test_a_new_file_is_the_daemon_s_to_read(site, users):
    done = passwd(site, "a")
    assert done.stderr == ""
    st = os.stat(users)
    assert stat.S_IMODE(st.st_mode) == 0o640
    if site.is_root:
        assert (st.st_uid, st.st_gid) == (0, site.gid)
    os.chmod(users, 0o644)
    done = passwd(site, "a")
    assert done.returncode == 0
    assert "chmod 0640" in done.stderr


def test_a_link_is_not_followed(site, users):
    other = site.write("conf/other", "")
    os.symlink(other, users)
    done = passwd(site, "a")
    assert done.returncode == 78
    assert "symbolic link" in done.stderr
    assert os.path.islink(users) and read(other) == ""


def test_who_may_not(site, users):
    passwd(site, "a")
    os.chmod(users, 0o600)
    before = read(users)
    if not site.is_root:
        os.chmod(site.path("conf"), 0o500)
    done = passwd(site, "b", uid=site.uid + 1)
    os.chmod(site.path("conf"), 0o755)
    assert done.returncode == 77
    assert read(users) == before


# ---- which file ---------------------------------------------------------------

def test_whose_file(site, users):
    site.conf["listen lab"] = {"port": 2526, "auth": "required",
                               "users_file": "lab"}
    site.hunt.belongs.update({"conf/lab", "conf/third"})
    site.write_conf()
    done = passwd(site, "a")
    assert done.returncode == 64 and "--listener" in done.stderr
    assert passwd(site, "a", "--listener", "lab").returncode == 0
    assert passwd(site, "--listener=scan", "b").returncode == 0
    assert passwd(site, "c", "--file", site.path("conf/third")).returncode == 0
    assert [logins(site.path("conf/" + f)) for f in ("lab", "users", "third")
            ] == [["a"], ["b"], ["c"]]
    done = passwd(site, "a", "--listener", "none")
    assert done.returncode == 78 and "[listen none]" in done.stderr
    del site.conf["listen lab"], site.conf["listen scan"]
    site.write_conf()
    done = passwd(site, "a")
    assert done.returncode == 78 and "users_file" in done.stderr


def test_a_bad_configuration(site, users):
    site.conf["local"]["nonsense"] = "x"
    site.write_conf()
    done = passwd(site, "a")
    assert done.returncode == 78 and "nonsense" in done.stderr
    # --file needs none
    assert passwd(site, "a", "--file", users).returncode == 0


def test_what_would_shut_out_all_is_not_written(site, users):
    """One login more than are read, and nobody could sign in."""
    assert passwd(site, "scanner").returncode == 0
    line = read(users).partition(":")[2]
    with open(users, "a") as f:
        f.writelines("login%d:%s" % (i, line) for i in range(4999))
    before = read(users)
    done = passwd(site, "one-too-many")
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr == \
        "mailchute: %s:5001: there are more than 5000 logins\n" % users
    assert read(users) == before
    assert passwd(site, "SCANNER").returncode == 0
    assert passwd(site, "--delete", "login7").returncode == 0
    assert passwd(site, "the-last").returncode == 0


# ---- two at once --------------------------------------------------------------

def test_none_is_lost(site, users):
    done = []

    def add(login):
        done.append(passwd(site, login))

    threads = [threading.Thread(target=add, args=("login%d" % i,))
               for i in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [d.returncode for d in done] == [0] * 16, done
    assert sorted(logins(users)) == sorted("login%d" % i for i in range(16))


# ---- at a terminal ------------------------------------------------------------

def test_a_person_types_it_twice(site, users):
    with terminal(site, "scanner") as t:
        t.answer("Password", "?")
        assert t.prompt().startswith("Password")
        assert "Only a hash of it is kept" in t.new.replace("\n", " ")
        t.answer("Password", "short")
        t.answer("Password", PASSWORD)
        assert "fewer than 8" in t.seen
        assert t.prompt().startswith("The same again")
        assert not t.is_echoing()
        t.type(PASSWORD + "x")
        t.answer("Password", PASSWORD)
        assert "these are two passwords" in t.seen
        t.answer("The same again", PASSWORD)
        assert t.end() == 0
        assert t.is_echoing()
        assert PASSWORD not in t.seen and "short" not in t.seen
        assert "the login is added" in t.seen
    assert logins(users) == ["scanner"]


def test_a_person_leaves(site, users):
    with terminal(site, "scanner") as t:
        t.answer("Password", PASSWORD)
        assert t.prompt().startswith("The same again")
        t.interrupt()
        assert t.end() == 75
        assert t.is_echoing()
    assert not os.path.exists(users)


def test_never_on_the_command_line(site, users):
    done = passwd(site, "scanner", PASSWORD)
    assert done.returncode == 64
    assert "takes one login; the password is asked for" in done.stderr
    done = subprocess.run([program("mailchute"), "--help"],
                          capture_output=True, text=True, check=True)
    assert "passwd" in done.stdout
