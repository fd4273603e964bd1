# SPDX-License-Identifier: ISC
"""A program for alarms that writes down what it was given, and the causes of
alarms."""

import json
import os
import re

from .notify import wait_until
from .site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER

# Writes down all that a program can be given; {0} is the folder for it.
COMMAND = """#!/usr/bin/python3
import json, os, sys
fds = {{}}
for fd in os.listdir("/proc/self/fd"):
    try:
        fds[fd] = os.readlink("/proc/self/fd/" + fd)
    except OSError:
        pass  # that of the listing itself
with open("/proc/self/environ") as f:
    env = f.read().strip(chr(0)).split(chr(0))
got = dict(argv=sys.argv[1:], env=env, fds=fds, text=sys.stdin.read(),
           leads=os.getpgrp() == os.getpid(), uid=os.getuid())
path = "{0}/alarm.%d" % os.getpid()
with open(path + ".new", "w") as f:
    json.dump(got, f)
os.rename(path + ".new", path + ".json")
"""


class Told:
    """What alarm_command was told, in the order."""

    def __init__(self, site):
        self.site = site
        self.folder = site.path("log")

    def all(self):
        paths = [os.path.join(self.folder, name)
                 for name in os.listdir(self.folder)
                 if re.fullmatch(r"alarm\.\d+\.json", name)]
        return [json.load(open(path))
                for path in sorted(paths, key=lambda p: os.stat(p).st_mtime_ns)]

    def wait(self, n):
        return wait_until(lambda: len(self.all()) >= n and self.all(),
                          [self.folder], "%d alarms told" % n,
                          process=self.site.daemon)


def script(site, text=COMMAND, name="command"):
    path = site.write("conf/" + name, text.format(site.path("log"))
                      if text is COMMAND else text, 0o755)
    return path


def refuse(server, user=USER):
    server.options.users[user] = "something else"


def alarms(site):
    return site.status()["alarms"]


def is_ended(site, nth=1):
    return site.log.wait_for("alarm-over", nth=nth)


def submit(site, n=0, user=USER):
    site.submit("a%d@example.net" % n, stdin=TEXT.replace(USER, user))


def hold(site, server):
    """Starts it with a wrong password and one message: the account is held."""
    refuse(server)
    site.start()
    submit(site)
    return site.log.wait_for("alarm")


def cure(site, server):
    server.options.users[USER] = site.password
    assert site.mailchute("retry", "ALL").returncode == 0
