"""Can an address that a stranger chose lead us into our own house, keep us waiting, or make us swallow something?"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from events import outbound
from events.errors import Refused
from events.outbound import addresses_of, is_public, post, target_of
from tests.events.receiver import Receiver, certified, receiving

PUBLIC = "93.184.216.34"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as here:
        yield here


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.9", "224.0.0.1", "239.1.2.3", "240.0.0.1",
        "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::1", "2002:a00:1::",
        "2001:0:7f00:1::1", "100::1", "192.88.99.1", "64:ff9b:1::1", "2001:20::1",
    ],
)  # fmt: skip
def test_what_is_not_of_the_open_internet(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "223.5.5.5", "2606:4700:4700::1111", "240e::1", "64:ff9b::102:304"])
def test_what_is(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://hr.example.com/", "ftp://hr.example.com/", "//hr.example.com/", "hr.example.com", "", "https://", "https:///path",
        "https://user@hr.example.com/", "https://user:word@hr.example.com/", "https://@hr.example.com/", "https://hr.example.com:22/",
        "https://hr.example.com:25/", "https://hr.example.com:80/", "https://hr.example.com:0/", "https://hr.example.com:99999/",
        "https://hr.example.com/#part", "https://hr.example.com\\@127.0.0.1/", "https://hr.example.com/\r\nHost: other", "https://a b/",
        "https://0x7f.1/", "https://0x7f000001/", "https://2130706433/", "https://127.1/", "https://0177.0.0.1/", "https://1.2.3/",
        "https://[::1%25lo]/", "https://127.0.0.1./", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/", "https://[64:ff9b::7f00:1]/", "https://169.254.169.254/latest/", "https://10.0.0.1:8443/",
        "https://[fd00::1]/", "https://１２７．０．０．１/", "https://①②⑦.⓪.⓪.①/", "https://hr.example.com/" + "a" * 500,
        "http://localhost/", "http://127.0.0.1/", "http://[::1]/",
    ],
)  # fmt: skip
def test_addresses_that_are_refused_unasked(url: str) -> None:
    with pytest.raises(Refused) as refused:
        target_of(url)
    assert refused.value.code in ("webhook_url_invalid", "webhook_url_not_public")


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://hr.example.com", "hr.example.com", 443, "/"),
        ("https://HR.Example.COM:8443/a/b?c=d", "hr.example.com", 8443, "/a/b?c=d"),
        ("https://hr.example.com.:30443/", "hr.example.com", 30443, "/"),
        ("https://招聘.example.com/钩子", "xn--otu796d.example.com", 443, "/%E9%92%A9%E5%AD%90"),
        (f"https://{PUBLIC}/", PUBLIC, 443, "/"),
        ("https://[2606:4700::1111]/", "2606:4700::1111", 443, "/"),
    ],
)
def test_addresses_that_are_taken(url: str, host: str, port: int, path: str) -> None:
    target = target_of(url)
    assert (target.host, target.port, target.path, target.local) == (host, port, path, False)


def test_this_machine_only_by_its_own_names_and_where_it_is_tried_out() -> None:
    assert target_of("http://localhost:9000/x", local=True).local
    for url in ("http://10.0.0.1:9000/", "http://hr.example.com/", "https://192.168.0.1/"):
        with pytest.raises(Refused):
            target_of(url, local=True)
    local = target_of("http://localhost:9000/", local=True)
    with pytest.raises(Refused):
        addresses_of(local, lambda host, port: ["10.0.0.1"])


@pytest.mark.parametrize("answers", [["127.0.0.1"], [PUBLIC, "10.0.0.7"], ["::ffff:127.0.0.1"], ["fe80::1%eth0"]])
def test_one_private_address_is_enough_to_refuse_a_name(answers: list[str]) -> None:
    answer = post("https://hr.example.com/", {}, b"{}", resolver=lambda host, port: answers)
    assert (answer.status, answer.error) == (None, "webhook_url_not_public")


class Rebinding:
    """A name that is public when it is looked at, and ours the next time."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return [PUBLIC] if self.asked == 1 else ["127.0.0.1"]


def test_a_name_that_rebinds_is_asked_once_and_dialled_where_it_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    name, dialled = Rebinding(), []

    def dial(address: tuple[str, int], timeout: float) -> socket.socket:
        dialled.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", dial)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("resolved again"))
    answer = post("https://hr.example.com/", {}, b"{}", resolver=name)
    assert dialled == [(PUBLIC, 443)] and name.asked == 1 and answer.error == "connection_refused"


def test_the_name_stays_in_sni_in_the_host_header_and_on_the_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the receiver stood at a public address, to which alone the dial is bent."""
    asked_for: list[str | None] = []
    server, client = certified("hr.example.com", tmp_path)
    server.sni_callback = lambda _, name, __: asked_for.append(name)
    connect = socket.create_connection
    with receiving(server) as receiver:
        port = int(receiver.url.split(":")[2].split("/")[0])
        monkeypatch.setattr(socket, "create_connection", lambda address, timeout: connect(("127.0.0.1", address[1]), timeout))
        answer = post(f"https://hr.example.com:{port}/in", {}, b"{}", resolver=lambda *_: [PUBLIC], context=client)
        assert answer.status == 200 and asked_for == ["hr.example.com"]
        assert receiver.got[0].headers["host"] == f"hr.example.com:{port}"
        other = post(f"https://other.example.com:{port}/in", {}, b"{}", resolver=lambda *_: [PUBLIC], context=client)
        unknown = post(f"https://hr.example.com:{port}/in", {}, b"{}", resolver=lambda *_: [PUBLIC])
        assert (other.error, unknown.error) == ("certificate", "certificate") and len(receiver.got) == 1


def test_no_redirect_is_followed(receiver: Receiver) -> None:
    receiver.answers = lambda number: 307
    answer = post(receiver.url, {}, b"{}", local=True)
    assert (answer.status, answer.error, answer.received) == (307, "redirect", False) and len(receiver.got) == 1


def test_no_proxy_of_the_environment_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(receiver.url, {}, b"{}", local=True).received


def test_of_a_long_answer_only_the_beginning_is_read(receiver: Receiver) -> None:
    sent: list[int] = []

    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(400):
            handler.wfile.write(b"a\x00" * 32_768)
            sent.append(1)

    receiver.answers = lambda number: pour
    answer = post(receiver.url, {}, b"{}", local=True)
    assert answer.received and len(answer.start) == outbound.KEPT_CHARACTERS and "\x00" not in answer.start
    assert len(sent) < 400


@pytest.mark.parametrize("what", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 "])
def test_who_drips_is_cut_off(what: bytes) -> None:
    """One byte now and then keeps every timeout of a socket alive; the line is cut all the same."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            line, _ = server.accept()
            with line:
                try:
                    line.sendall(what)
                    while not done.wait(0.1):
                        line.sendall(b"X")
                except OSError:
                    return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        began = time.monotonic()
        answer = post(f"http://127.0.0.1:{server.getsockname()[1]}/", {}, b"{}", local=True, seconds=0.8)
        assert time.monotonic() - began < 2 and (answer.status, answer.error) == (None, "timeout")
        done.set()
        thread.join()


def test_a_handshake_that_never_ends_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        began = time.monotonic()
        answer = post(f"https://127.0.0.1:{server.getsockname()[1]}/", {}, b"{}", local=True, seconds=0.5)
        assert time.monotonic() - began < 2 and answer.error == "timeout"


def test_nobody_there(receiver: Receiver) -> None:
    def nowhere(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    assert post("https://hr.example.com/", {}, b"{}", resolver=nowhere).error == "name_not_found"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/", {}, b"{}", local=True).error == "connection_refused"

    def hang_up(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    receiver.answers = lambda number: hang_up
    assert post(receiver.url, {}, b"{}", local=True).error == "connection_broken"
