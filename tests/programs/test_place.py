# SPDX-License-Identifier: ISC
"""What all the others are tried with: the package, where exim was."""


def test_in_exims_place(host):
    """apt has removed exim and nothing else, and each file is the package's."""
    root = host.root

    def status(name):
        return root.run("dpkg-query", "-W", "-f", "${db:Status-Status}", name)
    assert status("exim4-daemon-light") == "config-files"
    assert status("exim4-base") == status("mailchute") == "installed"
    history = root.read("var/log/apt/history.log").rstrip().split("\n\n")[-1]
    assert "\nInstall: mailchute:" in history
    assert [line.split(":")[1].strip() for line in history.splitlines()
            if line.startswith("Remove: ")] == ["exim4-daemon-light"]
    assert root.run("dpkg", "--audit") == ""
    assert root.run("dpkg", "--verify", "mailchute") == ""
    for name in ("/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/bin/mailq",
                 "/usr/bin/newaliases", "/usr/sbin/mailchuted"):
        assert root.run("dpkg", "-S", name) == "mailchute: %s\n" % name
