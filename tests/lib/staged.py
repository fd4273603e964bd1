# SPDX-License-Identifier: ISC
"""mailchute as a packager builds it, for /usr, in a folder of its own."""

import fcntl
import os
import subprocess

from .site import TESTS


def tree():
    """The folder; ./dev check has made it, else it is made now."""
    made = os.environ.get("MAILCHUTE_STAGED")
    if made:
        return made
    source = os.path.dirname(TESTS)
    folder = os.path.join(source, "build-dev", "staged")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([os.path.join(source, "dev"), "step", "staged", folder],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       check=True)
    return os.path.join(folder, "tree")
