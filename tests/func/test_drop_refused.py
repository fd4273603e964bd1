# SPDX-License-Identifier: ISC
"""Drop files that are refused for ever: their owners are told."""

import os
import pwd

import pytest

from lib.guard import ATTACKER
from lib.site import USER

pytestmark = pytest.mark.skipif(os.getuid() != 0,
                                reason="needs root to be somebody else")


def test_who_may_not_send_is_told(make_site, server):
    """No account admits him: his mail is safe, so its failure is mail too."""
    site = make_site(server, users="root")
    site.write("conf/aliases", "games: players@contoso.example\n")
    uid = pwd.getpwnam(ATTACKER).pw_uid
    done = site.sendmail("-i", "-R", "full", "-f", "boss@contoso.example",
                         "a@example.net", uid=uid,
                         stdin="Subject: lost\n\nsecret body\n")
    assert done.returncode == 0
    site.start()
    m = server.record.wait_messages(1)[0]
    assert m.addresses == ["players@contoso.example"]
    assert m.parsed.get_content_type() == "multipart/report"
    text, status, original = m.parsed.iter_parts()
    assert "no account may be used by uid 5" in \
        " ".join(text.get_content().split())
    one = status.get_payload()[1]
    assert one["Final-Recipient"] == "rfc822; a@example.net"
    assert (one["Action"], one["Status"]) == ("failed", "5.7.1")
    assert b"secret body" in original.as_bytes()
    site.wait(lambda: not site.dropped(), "an empty drop folder")
    site.wait_empty()
    assert len(server.record.accepted) == 1
    # What became of it can be asked for.
    traced = site.mailchute("trace", "a@example.net")
    assert "bounced" in traced.stdout, traced
    assert "no account may be used" in traced.stdout
    refused = site.log.wait_for("refused")
    assert refused["id"] == site.log.wait_for("bounced")["id"]
    assert refused["id"] == site.log.wait_for("drop-file-refused")["id"]


def test_what_became_too_large_is_told(site, server):
    site.submit("a@example.net", stdin="Subject: x\n\n" + "y" * 70 * 1024)
    site.conf["queue"]["message_size_max"] = "10K"
    site.start()
    m = server.record.wait_messages(1)[0]
    assert m.addresses == [USER]
    assert list(m.parsed.iter_parts())[1].get_payload()[1]["Status"] == "5.3.4"
    site.wait(lambda: not site.dropped(), "an empty drop folder")
    site.wait_empty()


def test_a_bounce_that_is_refused_is_told_to_the_admin(make_site, server):
    site = make_site(server, users="root")
    uid = pwd.getpwnam(ATTACKER).pw_uid
    assert site.sendmail("-i", "-f", "<>", "a@example.net",
                         uid=uid).returncode == 0
    site.start()
    m = server.record.wait_messages(1)[0]
    assert m.addresses == ["it@contoso.example"]
    assert m.parsed["X-Mailchute-Notice"] == "last"
    site.wait_empty()
    site.wait(lambda: not site.dropped(), "an empty drop folder")
    # And one that he was to get himself is kept, and answered by nothing.
    assert site.sendmail("-C", site.conf_path, "-i", "-f", "<>",
                         "it@contoso.example", uid=uid).returncode != 0
    site.stop()
    assert site.sendmail("-i", "-f", "<>", "it@contoso.example",
                         uid=uid).returncode == 0
    site.start()
    site.log.wait_for("drop-file-aside", text="nobody to tell")
    assert len(site.dropped()) == 1
    assert len(server.record.accepted) == 1
