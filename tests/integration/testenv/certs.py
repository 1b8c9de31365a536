"""Certificates made with the openssl program: a CA, a good server, and one of each bad kind."""
import os
import subprocess

_CONFIG = """
[ca]
default_ca = this
[this]
dir = {dir}
database = {dir}/index.txt
serial = {dir}/serial
new_certs_dir = {dir}
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
CN = unused
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
keyUsage = digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""


class Certs:
    """`ca` is the file to trust; `good`, `wrong_host`, `expired`, `not_yet`, `untrusted` are
    (certificate, key) pairs, all but wrong_host for localhost and 127.0.0.1."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.ca = self._root("ca")
        other = self._root("other")
        names = "DNS:localhost,IP:127.0.0.1"
        self.good = self._leaf("good", "ca", names)
        self.wrong_host = self._leaf("wrong_host", "ca", "DNS:elsewhere.example")
        self.expired = self._leaf("expired", "ca", names, "20200101000000Z", "20200201000000Z")
        self.not_yet = self._leaf("not_yet", "ca", names, "20900101000000Z", "20910101000000Z")
        self.untrusted = self._leaf("untrusted", "other", names)
        self.other_ca = other

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _openssl(self, *args):
        done = subprocess.run(["openssl", *args], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def _config(self, owner, names="DNS:unused"):
        folder = self._path(owner + ".d")
        os.makedirs(folder, exist_ok=True)
        if not os.path.exists(folder + "/index.txt"):
            with open(folder + "/index.txt", "w", encoding="ascii"):
                pass
            with open(folder + "/serial", "w", encoding="ascii") as file:
                file.write("1000\n")
        path = folder + "/openssl.cnf"
        with open(path, "w", encoding="ascii") as file:
            file.write(_CONFIG.format(dir=folder, names=names))
        return path

    def _key(self, name):
        path = self._path(name + ".key")
        self._openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-out", path)
        return path

    def _root(self, name):
        config = self._config(name)
        key = self._key(name)
        path = self._path(name + ".pem")
        self._openssl("req", "-x509", "-new", "-config", config, "-extensions", "root",
                      "-key", key, "-subj", "/CN=Proa test " + name, "-days", "3650", "-out", path)
        return path

    def _leaf(self, name, issuer, names, start="20240101000000Z", end="20991231000000Z"):
        config = self._config(issuer, names)
        key = self._key(name)
        request = self._path(name + ".csr")
        path = self._path(name + ".pem")
        self._openssl("req", "-new", "-config", config, "-key", key, "-subj", "/CN=" + name,
                      "-out", request)
        self._openssl("ca", "-batch", "-config", config, "-extensions", "server", "-notext",
                      "-cert", self._path(issuer + ".pem"), "-keyfile", self._path(issuer + ".key"),
                      "-startdate", start, "-enddate", end, "-in", request, "-out", path)
        return path, key
