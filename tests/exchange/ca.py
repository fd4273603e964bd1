# SPDX-License-Identifier: ISC
"""A small certificate authority made with the openssl program.

Everything it makes lies in one directory and is worthless outside the tests.
"""

import os
import subprocess
from collections import namedtuple

# cert holds the server's certificate and whatever the server sends with it.
Certificate = namedtuple("Certificate", "cert key")

CA_CONF = """\
[ca]
default_ca = here
[here]
database = {dir}/index
rand_serial = yes
new_certs_dir = {dir}
default_md = sha256
policy = any
x509_extensions = leaf
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = empty
prompt = no
[empty]
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:false
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""


class Authority:
    """A root certificate, and server certificates good and bad.

    roots is the file a client trusts.  Each certificate is made once for its
    arguments and then reused.
    """

    def __init__(self, directory):
        self.dir = os.path.abspath(directory)
        os.makedirs(self.dir, exist_ok=True)
        self.roots = os.path.join(self.dir, "roots.pem")
        self._root_key = os.path.join(self.dir, "root.key")
        self._made = {}
        if not os.path.exists(self.roots):
            self._make_root(self.roots, self._root_key, "Test root")

    def issue(self, name="localhost", expired=False, not_yet=False,
              rsa=False, key_bits=2048):
        """A certificate for name (a DNS name or an IP address), or for
        several, by commas."""
        start, end = "20200101000000Z", "20491231235959Z"
        if expired:
            end = "20210101000000Z"
        if not_yet:
            start = "20490101000000Z"
        return self._leaf(self.roots, self._root_key, name, start, end,
                          rsa, key_bits)

    def untrusted(self, name="localhost"):
        """A certificate by an authority that no client of ours trusts."""
        root = os.path.join(self.dir, "other.pem")
        key = os.path.join(self.dir, "other.key")
        if not os.path.exists(root):
            self._make_root(root, key, "Somebody else's root")
        return self._leaf(root, key, name, "20200101000000Z",
                          "20491231235959Z", False, 2048)

    def self_signed(self, name="localhost"):
        """A certificate that vouches for itself."""
        cert = os.path.join(self.dir, "self-%s.pem" % name)
        key = os.path.join(self.dir, "self-%s.key" % name)
        if not os.path.exists(cert):
            self._new_key(key)
            self._conf(name)
            self._openssl("req", "-x509", "-new", "-key", key, "-out", cert,
                          "-days", "3650", "-subj", "/CN=" + name,
                          "-extensions", "leaf",
                          "-config", os.path.join(self.dir, "conf"))
        return Certificate(cert, key)

    def _make_root(self, cert, key, name):
        self._conf("localhost")
        self._new_key(key)
        self._openssl("req", "-x509", "-new", "-key", key, "-out", cert,
                      "-days", "7300", "-subj", "/CN=" + name,
                      "-extensions", "authority",
                      "-config", os.path.join(self.dir, "conf"))

    def _leaf(self, root, root_key, name, start, end, rsa, bits):
        which = (root, name, start, end, rsa, bits)
        if which in self._made:
            return self._made[which]
        stem = os.path.join(self.dir, "leaf%d" % len(os.listdir(self.dir)))
        cert, key, request = stem + ".pem", stem + ".key", stem + ".csr"
        self._new_key(key, rsa, bits)
        self._conf(name)
        conf = os.path.join(self.dir, "conf")
        self._openssl("req", "-new", "-key", key, "-out", request, "-subj",
                      "/CN=" + name.split(",")[0], "-config", conf)
        self._openssl("ca", "-batch", "-notext", "-config", conf,
                      "-cert", root, "-keyfile", root_key,
                      "-startdate", start, "-enddate", end,
                      "-in", request, "-out", cert)
        self._made[which] = Certificate(cert, key)
        return self._made[which]

    def _conf(self, name):
        def kind(name):
            return "IP" if name.replace(".", "").isdigit() or ":" in name \
                else "DNS"
        names = ",".join("%s:%s" % (kind(n), n) for n in name.split(","))
        with open(os.path.join(self.dir, "conf"), "w") as f:
            f.write(CA_CONF.format(dir=self.dir, names=names))
        open(os.path.join(self.dir, "index"), "a").close()

    def _new_key(self, path, rsa=False, bits=2048):
        if rsa:
            how = ["RSA", "-pkeyopt", "rsa_keygen_bits:%d" % bits]
        else:
            how = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self._openssl("genpkey", "-algorithm", *how, "-out", path)
        os.chmod(path, 0o600)

    def _openssl(self, *args):
        run = subprocess.run(["openssl", *args], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True)
        if run.returncode != 0:
            raise RuntimeError("openssl %s: %s" % (args[0], run.stderr))
