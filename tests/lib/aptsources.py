# SPDX-License-Identifier: ISC
"""Where this machine's own apt takes its packages, and how it gets there."""

import glob
import os
import re
import subprocess

SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d/*.list",
           "/etc/apt/sources.list.d/*.sources")


class Source:
    """One place of packages, as sources.list(5) describes it."""

    def __init__(self, uri, suites, components, options):
        self.uri, self.suites = uri, suites
        self.components, self.options = components, options


def _one_line(text):
    for line in text.splitlines():
        m = re.match(r"deb\s+(?:\[([^]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)",
                     line.strip())
        if m:
            options = dict(o.partition("=")[::2]
                           for o in (m.group(1) or "").split())
            yield Source(m.group(2), [m.group(3)], m.group(4).split(), options)


def _deb822(text):
    text = re.sub(r"^#.*\n?", "", text, flags=re.M)
    for stanza in re.split(r"\n\s*\n", text):
        fields = {}
        for name, value in re.findall(
                r"^([\w-]+):[ \t]*(.*(?:\n[ \t]+.*)*)", stanza, flags=re.M):
            fields[name.lower()] = value.strip()
        if "deb" not in fields.get("types", "").split() or \
                fields.get("enabled", "yes").lower() in ("no", "false"):
            continue
        for uri in fields.get("uris", "").split():
            yield Source(uri, fields.get("suites", "").split(),
                         fields.get("components", "").split(), fields)


def files():
    """Those that name sources, in apt's order."""
    return [path for pattern in SOURCES for path in sorted(glob.glob(pattern))]


def sources():
    """What apt reads here."""
    for path in files():
        with open(path) as f:
            text = f.read()
        yield from (_deb822 if path.endswith(".sources") else _one_line)(text)


def _settings():
    done = subprocess.run(["apt-config", "dump"], capture_output=True,
                          text=True, check=True)
    return dict(re.findall(r'^(\S+) "(.*)";$', done.stdout, flags=re.M))


def environment():
    """wget's proxies, where apt has them."""
    settings = _settings()
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
           **{k: v for k, v in os.environ.items()
              if k.lower().endswith("_proxy")}}
    for scheme in ("http", "https"):
        proxy = settings.get("Acquire::%s::Proxy" % scheme)
        if proxy and proxy != "DIRECT":
            env[scheme + "_proxy"] = proxy
    return env


def signing(source, folder):
    """debootstrap's argument for the keys that apt trusts for this source."""
    options = {k.lower(): v for k, v in source.options.items()}
    if options.get("trusted", "no").lower() == "yes":
        return ["--no-check-gpg"]
    signed = options.get("signed-by", "")
    if "BEGIN PGP" in signed:
        path = os.path.join(folder, "mirror.asc")
        with open(path, "w") as f:  # deb822: a dot stands for an empty line
            f.write(re.sub(r"^[ \t]+\.?", "", signed, flags=re.M) + "\n")
        return ["--keyring=" + path]
    keys = signed.replace(",", " ").split()
    return ["--keyring=" + keys[0]] if keys and keys[0].startswith("/") else []
