"""Certificates that are made for a test: an authority's, a server's, a client's, and a stranger's."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import trustme

__all__ = ["Certificates"]


class Certificates:
    """PEM files in a folder, by their paths."""

    def __init__(self, folder: Path) -> None:
        authority, stranger = trustme.CA(), trustme.CA()
        self.folder = folder
        self.authority = str(folder / "authority.pem")
        authority.cert_pem.write_to_path(self.authority)
        self.server = self._write("server", authority.issue_cert("localhost", "127.0.0.1", "::1"))
        self.client = self._write("client", authority.issue_cert("client@example.org"))
        self.stranger = self._write("stranger", stranger.issue_cert("stranger@example.org"))

    def _write(self, name: str, certificate: trustme.LeafCert) -> tuple[str, str]:
        """The files of a certificate and of its key."""
        paths = str(self.folder / f"{name}.pem"), str(self.folder / f"{name}.key")
        certificate.private_key_pem.write_to_path(paths[1])
        for pem in certificate.cert_chain_pems:
            pem.write_to_path(paths[0], append=True)
        return paths

    def combined(self) -> str:
        """The server's certificate and its key in one file."""
        path = self.folder / "combined.pem"
        path.write_text("".join(Path(one).read_text() for one in self.server))
        return str(path)

    def hashed(self) -> str:
        """A folder that has the authority under the name by which OpenSSL looks for it."""
        command = ["openssl", "x509", "-noout", "-hash", "-in", self.authority]
        name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        folder = self.folder / "authorities"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.0").write_text(Path(self.authority).read_text())
        return str(folder)

    def trusting(self, shown: tuple[str, str] | None = None) -> ssl.SSLContext:
        """A client's context that trusts the authority, and shows a certificate where one is given."""
        context = ssl.create_default_context(cafile=self.authority)
        if shown is not None:
            context.load_cert_chain(*shown)
        return context
