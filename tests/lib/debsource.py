# SPDX-License-Identifier: ISC
"""The source of a package of Debian's, for tests that others have written."""

import glob
import os
import re

from . import aptsources
from .debian import alone, home, keep, place, step

# The machine's own settings, but that sources are looked for.
APT = """\
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{home}/sources.d";
Dir::State::lists "{home}/source-lists";
Dir::Cache "{home}/cache";
"""


def _ask_for_sources():
    """apt's own list, with all its options, in the other kind of packages."""
    folder = place("sources.d")
    for path in aptsources.files():
        with open(path, encoding="utf-8") as f:
            text = f.read()
        text = re.sub(r"^deb\b(?!-src)", "deb-src", text, flags=re.M)
        text = re.sub(r"^(Types:.*?)\bdeb\b(?!-src)", r"\1deb-src", text,
                      flags=re.M)
        with open(os.path.join(folder, os.path.basename(path)), "w",
                  encoding="utf-8") as f:
            f.write(text)


def _make(package, target, log):
    os.mkdir(target)
    _ask_for_sources()
    place("source-lists")
    place("cache")
    conf = os.path.join(target, "apt.conf")
    with open(conf, "w") as f:
        f.write(APT.format(home=home()))
    apt = ["apt-get", "-c", conf, "-q"]
    step(log, *apt, "update")
    step(log, *apt, "--download-only", "source", package, cwd=target)
    [archive] = glob.glob(os.path.join(target, "*.orig.tar.*z*"))
    step(log, "tar", "-xf", archive, "--strip-components=1",
         "--one-top-level=tree", cwd=target)


def source(package):
    """The folder with its files as their authors have published them."""
    with alone():
        return os.path.join(keep("source-" + package, APT, lambda target, log:
                                 _make(package, target, log)), "tree")
