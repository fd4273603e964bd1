# SPDX-License-Identifier: ISC
"""What is read of this host where nobody says otherwise: the configuration at
its place, /etc/mailname, and the system's own name.

Each command has a view of its own: a mount and a host name that no other test
sees.
"""

import os
import re
import shutil

import pytest

from lib.site import prefix, program

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root for a view of its own")

TEXT = "Subject: x\n\nhello\n"

# $1 a folder for the view, $2 the prefix, $3 the host's name, $4 the place of
# the configuration, then a command.  The prefix and /etc are as they were, but
# for /etc/mailname, the prefix's own etc, and that place.
VIEW = """
set -e
view=$1 prefix=$2 place=$4
hostname "$3"
shift 4
mount --make-rprivate /
mount -t tmpfs none "$view/prefix"
for folder in "$prefix"/*; do
    [ "${folder##*/}" != etc ] || continue
    mkdir "$view/prefix/${folder##*/}"
    mount --bind "$folder" "$view/prefix/${folder##*/}"
done
cp -a /etc "$view/prefix/.etc"
rm -f "$view/prefix/.etc/mailname"
[ ! -e "$view/mailname" ] || cp -a "$view/mailname" "$view/prefix/.etc"
mount --rbind "$view/prefix" "$prefix"
mount --bind "$view/prefix/.etc" /etc
rm -rf "${place%/*}"
mkdir -p "${place%/*}"
[ ! -e "$view/conf" ] || cp -a "$view/conf" "$place"
cd /
exec "$@"
"""


def place():
    """Where the configuration is looked for: the manual that was installed."""
    with open(os.path.join(prefix(), "share/man/man5/mailchute.conf.5")) as f:
        return re.search(r"^\.It Pa (/\S*/mailchute\.conf)$", f.read(),
                         re.M)[1]


class Host:
    """A site whose programs find all by themselves."""

    def __init__(self, site, name, mailname=None):
        self.site = site
        self.view = site.path("view")
        os.makedirs(os.path.join(self.view, "prefix"))
        if mailname is not None:
            site.write("view/mailname", mailname)
        self.through = ["unshare", "-m", "-u", "sh", "-c", VIEW, "sh",
                        self.view, prefix(), name, place()]
        for option in ("hostname", "domain"):
            del site.conf["local"][option]
        self.write_conf()

    def write_conf(self):
        """At the place of the installation."""
        self.site.write_conf()
        shutil.copy2(self.site.conf_path, self.view + "/conf")

    def run(self, name, *args, **how):
        done = self.site.run([*self.through, program(name), *args], **how)
        assert done.returncode == 0, done
        return done

    def config(self):
        """{option: (value, origin)} of "mailchute config"."""
        text = self.run("mailchute", "config").stdout
        found, section = {}, None
        for line in text.splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            match = re.match(r"(\w+) += (.*?)\s+# (.*)$", line)
            if match:
                found[section + "." + match[1]] = (match[2], match[3])
        return found


@pytest.mark.parametrize("name, mailname, hostname, domain", [
    ("box7.corp.example", None, "box7.corp.example", "box7.corp.example"),
    ("box7.corp.example", "mail.example.org\n", "box7.corp.example",
     "mail.example.org"),
    ("box7", "mail.example.org\n", "box7.mail.example.org",
     "mail.example.org"),
    ("box7", "box7.example.org other\n", "box7.example.org",
     "box7.example.org"),
    ("box7.corp.example", "no name!\n", "box7.corp.example", "no"),
    ("box7.corp.example", "-\n", "box7.corp.example", "box7.corp.example"),
])
def test_names(make_site, name, mailname, hostname, domain):
    host = Host(make_site(), name, mailname)
    found = host.config()
    assert found["local.hostname"] == (hostname, "default")
    assert found["local.domain"] == (domain, "default")
    assert found["local.names"][0].split() == [
        hostname, *(["box7"] if hostname != "box7" else []), "localhost"]
    assert found["queue.user"] == (host.site.user, place() + ":6")


def test_a_bare_name_is_no_name(make_site):
    """And what is no file is not read: nobody waits for a pipe's writer."""
    host = Host(make_site(), "box7")
    os.mkfifo(host.view + "/mailname")
    done = host.run("mailchute", "config")
    assert re.search(r"^hostname += \[[0-9.]+\]", done.stdout, re.M)
    assert 'this host\'s name "box7" has no domain' in done.stderr


def test_mail_is_sent_under_them(make_site, server):
    """By programs that were told of no configuration."""
    host = Host(make_site(server), "box7", "mail.example.org\n")
    host.site.start(through=host.through, is_named=False)
    host.run("sendmail", "-i", "-f", "cron", "a@example.net", stdin=TEXT)
    server.record.wait_messages(1)
    message, = server.record.accepted
    assert "cron@mail.example.org" in message.raw.decode()
    assert re.search(r"^Received: .*box7\.mail\.example\.org",
                     message.raw.decode(), re.M | re.S)
    greetings = {c for connection in server.record.connections
                 for c in connection.commands if c.startswith("EHLO")}
    assert greetings == {"EHLO box7.mail.example.org"}
