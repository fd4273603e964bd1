# SPDX-License-Identifier: ISC
"""mailchute show: every try of a message, with the server's words."""

from lib.site import USER

TEXT = "From: %s\nSubject: x\n\nhello\n" % USER


def ids(site):
    return [m["id"] for m in site.queue()]


def test_show_is_a_timeline(running, server):
    server.options.recipient_replies["a@*"] = "451 4.3.0 Not now"
    running.submit("a@example.net", stdin=TEXT)
    running.wait(lambda: running.queue()[0]["attempts"] == 1, "a first try")
    number, = ids(running)
    server.options.recipient_replies["a@*"] = "452 4.2.2 Full"
    running.mailchute("retry", number)
    running.wait(lambda: running.queue()[0]["attempts"] == 2, "a second try")
    text = running.mailchute("show", number).stdout
    _, _, timeline = text.partition("Timeline\n")
    accepted = timeline.index("accepted")
    assert accepted < timeline.index("451 4.3.0 Not now") \
        < timeline.index("452 4.2.2 Full")
    assert "hello" not in text
    assert "\nhello" in running.mailchute("show", number, "--body").stdout


def timeline(site):
    """(address, outcome, words) of each try of the only message."""
    shown, = site.json("show", ids(site)[0])
    return [(t["address"], t["outcome"], t["text"])
            for t in shown["timeline"]]


def test_the_timeline_has_what_others_took(make_site, server):
    """Deliveries of the recipients that are finished, beside one that waits."""
    server.options.recipient_replies["later@*"] = "451 4.3.0 Not now"
    site = make_site(server).start()
    site.submit("a@example.net", "later@example.net", stdin=TEXT)
    site.wait(lambda: len(site.queue()[0]["recipients"]) == 1, "a delivery")
    tries = {address: outcome for address, outcome, _ in timeline(site)}
    assert tries == {"a@example.net": "delivered",
                     "later@example.net": "deferred"}
    text = site.mailchute("show", ids(site)[0]).stdout
    assert "delivered  a@example.net by localhost" in text


def test_the_timeline_has_refused_sign_ins(running, server):
    """A fault of the account spends no attempt, and is told all the same."""
    server.options.users[USER] = "another password"
    running.submit("a@example.net", stdin=TEXT)
    for n in (1, 2):
        running.wait(lambda n=n: len(timeline(running)) == n, "a refusal")
        assert all((address, outcome) == ("a@example.net", "untried")
                   and "credentials were incorrect" in words
                   for address, outcome, words in timeline(running))
        running.mailchute("retry", "ALL")
    shown, = running.json("show", ids(running)[0])
    assert shown["attempts"] == 0
    text = running.mailchute("show", ids(running)[0]).stdout
    assert text.count("untried  a@example.net by localhost") >= 2


def test_the_timeline_has_refused_connections(make_site, server):
    server.down()
    site = make_site(server, backoff_min="1s", backoff_max="1s").start()
    site.submit("a@example.net", stdin=TEXT)
    site.wait(lambda: len(timeline(site)) >= 2, "two tries")
    assert {(address, outcome) for address, outcome, _ in timeline(site)} == \
        {("a@example.net", "untried")}
    assert "refused" in timeline(site)[0][2]


def test_a_notice_is_shown_as_one(make_site, server):
    """"from <>" alone tells nobody whose it is."""
    server.options.recipient_replies["no@*"] = "550 5.1.1 No such user"
    server.options.recipient_replies[USER] = "451 4.3.0 Not now"
    site = make_site(server).start()
    site.submit("no@example.net", stdin=TEXT)
    site.wait(lambda: USER in site.recipients(), "the notice")
    notice, = site.queue()
    assert (notice["kind"], notice["sender"]) == ("bounce", "")
    text = site.mailchute("show", notice["id"]).stdout
    assert "\n  from          <> (a notice of mailchute's own)\n" in text


def test_a_finished_message_is_told_once(running, server):
    """With a line for each of its recipients."""
    running.submit("a@example.net", "b@example.net", stdin=TEXT)
    running.submit("c@example.net", stdin=TEXT)
    server.record.wait_messages(2)
    running.wait_empty()
    text = running.mailchute("trace", USER).stdout
    assert text.count("submitted by") == 2
    assert text.count("accepted\n") == 2
    for address in ("a", "b", "c"):
        assert text.count("delivered  %s@example.net by" % address) == 1
