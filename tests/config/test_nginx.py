"""Tests of the documented nginx configuration, in a real nginx before two imitated gunicorns."""

from __future__ import annotations

import contextlib
import http.server
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings

from tests.conftest import require
from verification.intake import upload_handler

pytestmark = [pytest.mark.worker, pytest.mark.timeout(120)]

PAGE = settings.BASE_DIR / "docs" / "operating" / "proxy.md"
HOST = "zizhi.example"
MB = 1024**2
OTHERS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""Folders that nginx makes, although nothing of ours uses them."""


class Upstream(http.server.ThreadingHTTPServer):
    """Answers with its name, and keeps what it was asked."""

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.name = name
        self.asked: list[tuple[str, dict[str, str], int]] = []


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        assert isinstance(self.server, Upstream)
        self.server.asked.append((self.path, dict(self.headers), len(body)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.name)))
        self.end_headers()
        self.wfile.write(self.server.name.encode())

    do_POST = do_GET

    def log_message(self, *_args: Any) -> None:
        """Print nothing."""


class Proxied:
    """A running nginx with its upstreams and logs."""

    def __init__(
        self, folder: Path, ports: dict[str, int], pages: Upstream, gate: Upstream
    ) -> None:
        self.folder, self.ports, self.pages, self.gate = folder, ports, pages, gate

    def connect(self, text: bytes = b"") -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        plain = socket.create_connection(("127.0.0.1", self.ports["443"]), timeout=20)
        client = context.wrap_socket(plain, server_hostname=HOST)
        client.sendall(text)
        return client

    def ask(self, path: str, more: str = "", body: bytes = b"", method: str = "POST") -> bytes:
        with self.connect() as client:
            head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n{more}"
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
            with contextlib.suppress(OSError):  # refused before all was sent
                client.sendall(body)
            return b"".join(iter(lambda: client.recv(65536), b""))


def certificate(folder: Path) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), [x509.DNSName(HOST)]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(name), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    require("nginx", nginx is not None)
    folder = tmp_path_factory.mktemp("nginx")
    certificate(folder)
    (conf,) = re.findall(r"```nginx\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    upstreams = Upstream("pages"), Upstream("gate")
    ports = {"80": free_port(), "443": free_port()}
    for found, put in (
        ("listen 80;", f"listen 127.0.0.1:{ports['80']};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{ports['443']} ssl;"),
        ("127.0.0.1:8000", f"127.0.0.1:{upstreams[0].server_port}"),
        ("127.0.0.1:8001", f"127.0.0.1:{upstreams[1].server_port}"),
        ("/etc/ssl/zizhi/", f"{folder}/"),
        ("/var/log/nginx/", f"{folder}/"),
        ("/run/", f"{folder}/"),
    ):
        assert found in conf
        conf = conf.replace(found, put)
    unused = "".join(f"{each}_temp_path {folder}/{each};" for each in OTHERS)
    user = "user root;" if os.geteuid() == 0 else ""
    whole = folder / "nginx.conf"
    whole.write_text(
        f"{user} daemon off; pid {folder}/pid; error_log {folder}/start.log;"
        f"events {{}} http {{ {unused}\n{conf}\n}}"
    )
    process = subprocess.Popen([str(nginx), "-p", str(folder), "-c", str(whole)])
    for upstream in upstreams:
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
    try:
        found = Proxied(folder, ports, *upstreams)
        deadline = time.monotonic() + 20
        while True:
            assert process.poll() is None and time.monotonic() < deadline, "nginx did not start"
            with contextlib.suppress(OSError):
                found.connect().close()
                break
            time.sleep(0.05)
        yield found
    finally:
        process.terminate()
        process.wait(20)
        for upstream in upstreams:
            upstream.shutdown()


def test_slow_bodies_do_not_arrive_and_the_gate_answers(proxied: Proxied) -> None:
    head = f"POST /sign-in/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000\r\n\r\n".encode()
    before = len(proxied.pages.asked)
    with contextlib.ExitStack() as held:
        for _ in range(16):
            held.enter_context(proxied.connect(head + b"a"))
        began = time.monotonic()
        assert proxied.ask("/api/v1/gate/decisions", body=b"{}").endswith(b"gate")
        assert time.monotonic() - began < 2
        assert len(proxied.pages.asked) == before


def test_the_gate_has_its_own_processes(proxied: Proxied) -> None:
    for path, name in (
        ("/api/v1/gate/decisions", b"gate"),
        ("/api/v1/me", b"pages"),
        ("/api/v1/gateway", b"pages"),
        ("/", b"pages"),
    ):
        assert proxied.ask(path).endswith(name), path


def test_only_where_files_are_taken_a_body_may_be_large(proxied: Proxied) -> None:
    assert (
        81 * MB
        > upload_handler.FILES_AT_ONCE * settings.UPLOAD_MAX_BYTES + upload_handler.FORM_BYTES
    )
    for path in ("/sign-in/", "/api/v1/gate/decisions", "/api/v1/releases/x/links"):
        assert b" 413 " in proxied.ask(path, body=b"a" * 2 * MB)[:40], path
    for path in ("/case/documents/", "/case/appeal/", "/console/downloads/trace/add/"):
        assert b" 200 " in proxied.ask(path, body=b"a" * 2 * MB)[:40], path
    for path in ("/api/v1/releases", "/api/v1/traces"):
        assert b" 200 " in proxied.ask(path, body=b"a" * 2 * MB)[:40], path
        assert proxied.pages.asked[-1][2] == 2 * MB


def test_the_client_cannot_choose_its_address(proxied: Proxied) -> None:
    proxied.ask("/", "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: http\r\n")
    headers = proxied.pages.asked[-1][1]
    assert headers["X-Forwarded-For"] == "127.0.0.1" and headers["X-Forwarded-Proto"] == "https"
    assert headers["Host"] == HOST


def test_without_tls_a_browser_is_led_to_it(proxied: Proxied) -> None:
    with socket.create_connection(("127.0.0.1", proxied.ports["80"]), timeout=20) as client:
        client.sendall(f"GET /sign-in/ HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        answer = client.recv(4096)
    assert b" 301 " in answer and b"Location: https://zizhi.example/sign-in/\r\n" in answer


def test_without_tls_the_api_is_refused(proxied: Proxied) -> None:
    with socket.create_connection(("127.0.0.1", proxied.ports["80"]), timeout=20) as client:
        client.sendall(f"GET /api/v1/me HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        answer = client.recv(4096)
    assert b" 403 " in answer and b"Location" not in answer


@pytest.mark.parametrize(
    ("version", "ciphers", "agreed"),
    [
        (ssl.TLSVersion.TLSv1_3, "DEFAULT", "TLSv1.3"),
        (ssl.TLSVersion.TLSv1_2, "ECDHE+AESGCM", "TLSv1.2"),
        (ssl.TLSVersion.TLSv1_2, "ECDHE+AES+SHA:@SECLEVEL=0", ""),
        (ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256:@SECLEVEL=0", ""),
        (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0", ""),
    ],
)
def test_only_current_versions_and_ciphers_of_tls(
    proxied: Proxied, version: ssl.TLSVersion, ciphers: str, agreed: str
) -> None:
    context = ssl.create_default_context(cafile=str(proxied.folder / "fullchain.pem"))
    context.set_ciphers(ciphers)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", proxied.ports["443"]), timeout=20) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=HOST) as client:
                assert client.version() == agreed
        except (ssl.SSLError, ConnectionResetError):
            assert agreed == ""


def test_methods_that_echo_are_not_served(proxied: Proxied) -> None:
    before = len(proxied.pages.asked)
    assert b" 405 " in proxied.ask("/", method="TRACE")[:40]
    assert len(proxied.pages.asked) == before


@pytest.mark.parametrize(
    "path",
    [
        "/password/MQ/SECRET/",
        "/verify-email/SECRET/",
        "/join/SECRET/",
        "/case/from/SECRET/",
        "/releases/SECRET",
        "/mine/open/SECRET/",
        "/c/SECRET",
        "/relays/calls/aliyun/SECRET",
        "/sms/reports/aliyun/SECRET",
        "/api/v1/employers?email=SECRET",
    ],
)
def test_no_log_keeps_an_address_that_opens_something(proxied: Proxied, path: str) -> None:
    proxied.ask(path, f"Referer: https://{HOST}{path}\r\n", method="GET")
    proxied.ask(path, body=b"a" * 2 * MB)  # an error
    proxied.ask(f"{path}/../%zz", method="GET")
    logs = {log.name: log.read_text() for log in proxied.folder.glob("*.log")}
    assert "SECRET" not in "".join(logs.values())
    first = path.split("/")[1]
    assert f" /{first}" in logs["zizhi-access.log"], logs
