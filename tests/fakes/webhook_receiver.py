"""A receiver of webhooks: a real HTTP server that answers as told and keeps its requests."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook


@dataclass
class Got:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    def verified(self, secret: str) -> Any:
        """Return the content, after the specification's own library has verified the signature."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """Answers each request with `answers` (of its number from 0): a status, or a callable that
    answers.
    """

    url: str
    lines: list[socket.socket] = field(default_factory=list)
    """Every connection that was made."""
    got: list[Got] = field(default_factory=list)
    answers: Callable[[int], int | Callable[[BaseHTTPRequestHandler], None]] = lambda number: 200
    body: bytes = b""

    def verified(self, secret: str) -> list[Any]:
        return [got.verified(secret) for got in self.got]


@contextmanager
def receiving(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a server on this machine until the block ends."""
    receiver = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            receiver.lines.append(self.connection)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            number = len(receiver.got)
            receiver.got.append(
                Got(
                    self.path,
                    {name.lower(): value for name, value in self.headers.items()},
                    body,
                    time.time(),
                )
            )
            answer = receiver.answers(number)
            if callable(answer):
                return answer(self)
            self.send_response(answer)
            if 300 <= answer < 400:
                self.send_header("Location", receiver.url)
            told = receiver.body
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)
            return None

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *given: Any) -> None:
            # Some tests cut the connection on purpose.
            if not isinstance(sys.exc_info()[1], OSError):
                super().handle_error(*given)

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.url = (
        f"{'http' if context is None else 'https'}://127.0.0.1:{server.server_address[1]}/hook"
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        # Close connections that clients have kept open.
        for line in receiver.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


def certified(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return TLS contexts for a server named `name`, and for clients that trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(pem))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    client = ssl.create_default_context(cadata=certificate.public_bytes(pem).decode())
    return server, client
