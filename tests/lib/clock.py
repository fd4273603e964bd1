# SPDX-License-Identifier: ISC
"""A clock that a test sets while the daemon runs."""

import os

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


class Clock:
    """The daemon's wall clock; its monotonic one goes on as it does."""

    def __init__(self, path):
        self.path = path
        self.set(0)

    def set(self, seconds):
        new = self.path + ".new"
        with open(new, "w") as f:
            f.write("%+d" % seconds)
        os.chmod(new, 0o644)
        os.rename(new, self.path)

    def environment(self):
        return {"LD_PRELOAD": FAKETIME, "DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_TIMESTAMP_FILE": self.path, "FAKETIME_NO_CACHE": "1",
                "NO_FAKE_STAT": "1"}


def hurried(times):
    """An environment in which all time passes so many times as fast."""
    return {"LD_PRELOAD": FAKETIME, "FAKETIME": "+0 x%d" % times}
