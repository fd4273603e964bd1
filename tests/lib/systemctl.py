# SPDX-License-Identifier: ISC
"""systemctl(1) of a Debian in which systemd is the first process, as far as our
two units go: it enables them, and who has one started is heard by unit.py."""

import os
import threading
import traceback

from .unit import FOLDER, Unit, settings

BOOTED = "run/systemd/system"  # where programs look whether systemd runs
PIPES = "run/systemctl"
ETC = "etc/systemd/system"
PROGRAM = """\
#!/bin/sh
exec 8<>/run/systemctl/lock
flock 8
echo "$*" >/run/systemctl/asked
{ read -r status; cat; } </run/systemctl/answer
exit "$status"
"""
SOCKET, SERVICE = UNITS = ("mailchuted.socket", "mailchuted.service")


class Systemctl:
    """asked: what it was asked for, a line each; wrong: what it did not
    understand."""

    def __init__(self, root):
        self.root, self.asked, self.wrong = root, [], []
        self.unit = None
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self):
        root = self.root
        os.makedirs(root.file(BOOTED))
        os.mkdir(root.file(PIPES))
        for name in ("asked", "answer"):
            os.mkfifo(root.file(PIPES + "/" + name))
        root.write("usr/bin/systemctl", PROGRAM, 0o755)
        self._thread.start()
        return self

    def __exit__(self, *exc):
        with open(self.root.file(PIPES + "/asked"), "w") as f:
            f.write("end\n")
        self._thread.join()
        if self.unit:
            self.unit.__exit__()

    def is_enabled(self):
        """Both would be started at the next boot."""
        return all(map(self._is_linked, UNITS))

    def disable(self):
        for link in sum(map(self._links, UNITS), []):
            os.unlink(link)

    # ---- what it does -----------------------------------------------------

    def _listen(self):
        while True:
            with open(self.root.file(PIPES + "/asked")) as f:
                line = f.read().strip()
            if line == "end":
                return
            self.asked.append(line)
            try:
                status, said = self._do(line.split())
            except Exception:
                self.wrong.append(line + "\n" + traceback.format_exc())
                status, said = 1, ""
            with open(self.root.file(PIPES + "/answer"), "w") as f:
                f.write("%d\n%s" % (status, said))

    def _do(self, words):
        """(its exit status, what it says)"""
        verb, *names = [w for w in words if not w.startswith("-")]
        do = {"daemon-reload": None, "show": None, "LoadState": None,
              "is-enabled": self._say_enabled, "is-active": self._say_active,
              "preset": self._enable, "enable": self._enable,
              "start": self._start, "restart": self._restart,
              "stop": self._stop}[verb]
        status, said = 0, ""
        for name in names if do else ():
            if name in UNITS:  # others are the ones of whom was here before
                status, said = do(name) or (0, "")
        if "--now" in words:
            self._start(names[0])
        return status, said

    def _settings(self, name):
        return settings(self.root.read(FOLDER + name))

    def _links(self, name):
        return [self.root.file("%s/%s.wants/%s" % (ETC, target, name))
                for target in self._settings(name)["WantedBy"]]

    def _is_linked(self, name):
        return all(map(os.path.lexists, self._links(name)))

    def _say_enabled(self, name):
        return (0, "enabled\n") if self._is_linked(name) else (
            1, "disabled\n")

    def _say_active(self, name):
        is_active = self.unit and (self.unit.socket if name == SOCKET
                                   else self.unit.process)
        return (0, "active\n") if is_active else (3, "inactive\n")

    def _enable(self, name):
        for other in [name, *self._settings(name).get("Also", [])]:
            for link in self._links(other):
                os.makedirs(os.path.dirname(link), exist_ok=True)
                if not os.path.lexists(link):
                    os.symlink("/" + FOLDER + other, link)

    def _may_start(self, name):
        """One whose condition does not hold is passed over, and that is no
        failure."""
        return all(os.path.exists(self.root.file(path))
                   for path in self._settings(name)["ConditionPathExists"])

    def _start(self, name):
        if not self._may_start(name):
            return
        self.unit = self.unit or Unit(self.root)
        if not self.unit.socket:  # the service wants it
            self.unit.listen()
        if name == SERVICE and not self.unit.process:
            self.unit.start()

    def _restart(self, name):
        self._stop(name)
        self._start(name)

    def _stop(self, name):
        if name == SERVICE and self.unit and self.unit.process:
            self.unit.stop()
