# SPDX-License-Identifier: ISC
"""git send-email, and the hook that tells of pushes."""

WORK = """\
git clone -q there.git here 2>/dev/null
cd here
git config user.name 'Alice E'
git config user.email alice@example.org
git commit -q --allow-empty -m first
echo x >file
git add file
git commit -q -m 'change a file' --trailer 'Cc: carol@example.com'
git format-patch -q -1
"""


def test_send_email(host, judge):
    host.root.run("sh", "-ec", "git init -q --bare there.git\n" + WORK,
                  user="alice")
    done = host.run(
        "git", "-C", "here", "send-email", "--quiet", "--confirm=never",
        "--to=bob@example.com", "--bcc=hidden@example.com",
        "--envelope-sender=bounces@example.org", "0001-change-a-file.patch",
        user="alice")
    assert (done.status, done.err) == (0, "")
    [call], [message] = judge.calls(done), judge.messages()
    judge.mail("git-email", call, message, subject="[PATCH] change a file",
               to=["bob@example.com", "alice@example.org",
                   "carol@example.com", "hidden@example.com"],
               author='"Alice E (alice@example.org)" <alerts@contoso.example>',
               Reply_To="Alice E <alice@example.org>",
               body="Cc: carol@example.com\n---\n.*\n\\+x\n-- \n.*\n\n")


HOOK = """\
git init -q --bare there.git
cd there.git
cp /usr/share/git-core/contrib/hooks/post-receive-email hooks/post-receive
chmod +x hooks/post-receive
echo project >description
git config hooks.mailinglist list@example.com
git config hooks.envelopesender git@example.org
cd ..
"""


def test_post_receive_email(host, judge):
    host.root.run("sh", "-ec", HOOK + WORK, user="alice")
    done = host.run("git", "-C", "here", "push", "-q", "origin", "HEAD:main",
                    user="alice")
    judge.quiet(done)
    [call], [message] = judge.calls(done), judge.messages()
    [name] = host.root.run("git", "-C", "here", "rev-parse", "HEAD",
                           user="alice").split()
    judge.mail("git, post-receive-email", call, message, package="git",
               to=["list@example.com"], body=".*change a file\n.*",
               subject="[SCM] project branch main created. " + name,
               author='"Alice Example (git@example.org)" '
               "<alerts@contoso.example>", Auto_Submitted="auto-generated")
