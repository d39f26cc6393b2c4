"""Tests that strangers' addresses cannot reach internal networks, stall us, or flood us."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from events.core.errors import Refused
from events.delivery import safe_http
from events.delivery.safe_http import Lines, addresses_of, is_public, post_safely, target_of
from tests.fakes.webhook_receiver import Receiver, certified, receiving

PUBLIC = "93.184.216.34"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.9",
        "224.0.0.1",
        "239.1.2.3",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:7f00:1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "2002:7f00:1::1",
        "2002:a00:1::",
        "2001:0:7f00:1::1",
        "100::1",
        "192.88.99.1",
        "64:ff9b:1::1",
        "2001:20::1",
    ],
)
def test_what_is_not_of_the_open_internet(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [PUBLIC, "1.1.1.1", "223.5.5.5", "2606:4700:4700::1111", "240e::1", "64:ff9b::102:304"],
)
def test_what_is(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://hr.example.com/",
        "ftp://hr.example.com/",
        "//hr.example.com/",
        "hr.example.com",
        "",
        "https://",
        "https:///path",
        "https://user@hr.example.com/",
        "https://user:word@hr.example.com/",
        "https://@hr.example.com/",
        "https://hr.example.com:22/",
        "https://hr.example.com:25/",
        "https://hr.example.com:80/",
        "https://hr.example.com:0/",
        "https://hr.example.com:99999/",
        "https://hr.example.com/#part",
        "https://hr.example.com\\@127.0.0.1/",
        "https://hr.example.com/\r\nHost: other",
        "https://a b/",
        "https://0x7f.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://1.2.3/",
        "https://[::1%25lo]/",
        "https://127.0.0.1./",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://169.254.169.254/latest/",
        "https://10.0.0.1:8443/",
        "https://[fd00::1]/",
        "https://１２７．０．０．１/",
        "https://①②⑦.⓪.⓪.①/",
        "https://hr.example.com/" + "a" * 500,
        "http://localhost/",
        "http://127.0.0.1/",
        "http://[::1]/",
    ],
)
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


@pytest.mark.parametrize(
    "answers", [["127.0.0.1"], [PUBLIC, "10.0.0.7"], ["::ffff:127.0.0.1"], ["fe80::1%eth0"]]
)
def test_one_private_address_is_enough_to_refuse_a_name(answers: list[str]) -> None:
    answer = post_safely("https://hr.example.com/", {}, b"{}", resolver=lambda host, port: answers)
    assert (answer.status, answer.error) == (None, "webhook_url_not_public")


class Rebinding:
    """A name that resolves to a public address first, and to an internal one the next time."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return [PUBLIC] if self.asked == 1 else ["127.0.0.1"]


def test_a_name_that_rebinds_is_asked_once_and_dialled_where_it_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, dialled = Rebinding(), []

    def dial(address: tuple[str, int], timeout: float) -> socket.socket:
        dialled.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", dial)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("resolved again"))
    answer = post_safely("https://hr.example.com/", {}, b"{}", resolver=name)
    assert dialled == [(PUBLIC, 443)] and name.asked == 1 and answer.error == "connection_refused"


def test_the_name_stays_in_sni_in_the_host_header_and_on_the_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pretend that the receiver has a public address, and redirect connections for it."""
    asked_for: list[str | None] = []
    server, client = certified("hr.example.com", tmp_path)
    server.sni_callback = lambda _, name, __: asked_for.append(name)
    connect = socket.create_connection
    with receiving(server) as receiver:
        port = int(receiver.url.split(":")[2].split("/")[0])
        monkeypatch.setattr(
            socket,
            "create_connection",
            lambda address, timeout: connect(("127.0.0.1", address[1]), timeout),
        )
        answer = post_safely(
            f"https://hr.example.com:{port}/in",
            {},
            b"{}",
            resolver=lambda *_: [PUBLIC],
            context=client,
        )
        assert answer.status == 200 and asked_for == ["hr.example.com"]
        assert receiver.got[0].headers["host"] == f"hr.example.com:{port}"
        other = post_safely(
            f"https://other.example.com:{port}/in",
            {},
            b"{}",
            resolver=lambda *_: [PUBLIC],
            context=client,
        )
        unknown = post_safely(
            f"https://hr.example.com:{port}/in", {}, b"{}", resolver=lambda *_: [PUBLIC]
        )
        assert (other.error, unknown.error) == ("certificate", "certificate") and len(
            receiver.got
        ) == 1


def test_no_redirect_is_followed(receiver: Receiver) -> None:
    receiver.answers = lambda number: 307
    answer = post_safely(receiver.url, {}, b"{}", local=True)
    assert (answer.status, answer.error, answer.received) == (307, "redirect", False) and len(
        receiver.got
    ) == 1


def test_no_proxy_of_the_environment_is_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post_safely(receiver.url, {}, b"{}", local=True).received


def test_of_a_long_answer_only_the_beginning_is_read(receiver: Receiver) -> None:
    sent: list[int] = []

    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(400):
            handler.wfile.write(b"a\x00" * 32_768)
            sent.append(1)

    receiver.answers = lambda number: pour
    answer = post_safely(receiver.url, {}, b"{}", local=True)
    assert (
        answer.received
        and len(answer.start) == safe_http.KEPT_CHARACTERS
        and "\x00" not in answer.start
    )
    assert len(sent) < 400


@pytest.mark.parametrize("what", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 "])
def test_who_drips_is_cut_off(what: bytes) -> None:
    """A byte now and then keeps a socket's timeouts from expiring. The connection is cut all the
    same.
    """
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
        answer = post_safely(
            f"http://127.0.0.1:{server.getsockname()[1]}/", {}, b"{}", local=True, seconds=0.8
        )
        assert time.monotonic() - began < 2 and (answer.status, answer.error) == (None, "timeout")
        done.set()
        thread.join()


def test_a_handshake_that_never_ends_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        began = time.monotonic()
        answer = post_safely(
            f"https://127.0.0.1:{server.getsockname()[1]}/", {}, b"{}", local=True, seconds=0.5
        )
        assert time.monotonic() - began < 2 and answer.error == "timeout"


def test_nobody_there(receiver: Receiver) -> None:
    def nowhere(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    assert (
        post_safely("https://hr.example.com/", {}, b"{}", resolver=nowhere).error
        == "name_not_found"
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert (
        post_safely(f"http://127.0.0.1:{port}/", {}, b"{}", local=True).error
        == "connection_refused"
    )

    def hang_up(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    receiver.answers = lambda number: hang_up
    assert post_safely(receiver.url, {}, b"{}", local=True).error == "connection_broken"


# --- Connections that are kept --------------------------------------------------------------------


@pytest.fixture
def lines() -> Iterator[Lines]:
    kept = Lines()
    yield kept
    kept.close()


def test_one_connection_carries_many_messages(receiver: Receiver, lines: Lines) -> None:
    statuses = [200, 500, 202, 200, 200]
    bodies = [b"", b"x", b"x" * safe_http.READ_AT_MOST, b"x" * (safe_http.READ_AT_MOST + 1), b""]
    receiver.answers = lambda number: statuses[number]
    for number, (status, body) in enumerate(zip(statuses, bodies, strict=True)):
        receiver.body = body
        answer = post_safely(
            receiver.url, {"webhook-id": str(number)}, b"{}", local=True, lines=lines
        )
        assert (
            answer.status == status and answer.start == body.decode()[: safe_http.KEPT_CHARACTERS]
        )
        assert len(receiver.lines) == (1 if number < 4 else 2), (
            "a body longer than the part read cannot be followed by another message"
        )
    assert [got.headers["webhook-id"] for got in receiver.got] == ["0", "1", "2", "3", "4"]


def test_without_keeping_each_message_has_its_own(receiver: Receiver) -> None:
    for _ in range(3):
        assert post_safely(receiver.url, {}, b"{}", local=True).received
    assert len(receiver.lines) == 3


def test_another_address_has_another_connection(receiver: Receiver, lines: Lines) -> None:
    """Another path is another endpoint, perhaps of another platform. What this machine may reach,
    others may not.
    """
    for url in (
        receiver.url,
        receiver.url + "/other",
        receiver.url.replace("127.0.0.1", "localhost"),
    ):
        assert post_safely(url, {}, b"{}", local=True, lines=lines).received
    assert len(receiver.lines) == 3
    refused = post_safely(receiver.url, {}, b"{}", local=False, lines=lines)
    assert (
        refused.status is None and refused.error == "webhook_url_invalid" and len(receiver.got) == 3
    )


@pytest.mark.parametrize("limit", ["IDLE_SECONDS", "OLDEST_SECONDS"])
def test_it_is_given_up_before_long(
    receiver: Receiver, lines: Lines, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    looked = []

    def resolver(host: str, port: int) -> Sequence[str]:
        looked.append(host)
        return ["127.0.0.1"]

    for _ in range(2):
        assert post_safely(
            receiver.url, {}, b"{}", local=True, lines=lines, resolver=resolver
        ).received
    assert len(receiver.lines) == len(looked) == 1
    monkeypatch.setattr(safe_http, limit, 0.0)
    assert post_safely(receiver.url, {}, b"{}", local=True, lines=lines, resolver=resolver).received
    assert len(receiver.lines) == len(looked) == 2, "then the name is resolved again"


def test_a_name_that_has_moved_into_our_house_is_refused_when_it_is_dialled_anew(
    receiver: Receiver, lines: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kept connection goes to the address that was checked. The next one resolves the
    name again.
    """
    server, client = certified("hr.example.com", tmp_path)
    connect, dialled = socket.create_connection, []

    def bent(address: tuple[str, int], timeout: float) -> socket.socket:
        dialled.append(address[0])
        return connect(("127.0.0.1", address[1]), timeout)

    monkeypatch.setattr(socket, "create_connection", bent)
    name = Rebinding()
    with receiving(server) as secure:
        url = f"https://hr.example.com:{secure.url.split(':')[2]}"
        for _ in range(3):
            assert post_safely(url, {}, b"{}", resolver=name, context=client, lines=lines).received
        assert dialled == [PUBLIC] and name.asked == 1 and len(secure.got) == 3
        secure.lines[0].shutdown(socket.SHUT_RDWR)
        time.sleep(0.1)
        moved = post_safely(url, {}, b"{}", resolver=name, context=client, lines=lines)
        assert (moved.status, moved.error) == (None, "webhook_url_not_public")
        assert dialled == [PUBLIC] and len(secure.got) == 3


def test_what_the_other_side_let_go_of_is_dialled_anew(receiver: Receiver, lines: Lines) -> None:
    """Also if it closes at the moment when the next message is on its way."""

    def hang_up(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    receiver.answers = lambda number: hang_up if number == 1 else 200
    assert post_safely(receiver.url, {}, b"{}", local=True, lines=lines).received
    assert post_safely(receiver.url, {"webhook-id": "2"}, b"{}", local=True, lines=lines).received
    assert (
        len(receiver.got) == 3
        and len(receiver.lines) == 2
        and receiver.got[1].headers == receiver.got[2].headers
    )
    receiver.answers = lambda number: hang_up
    assert (
        post_safely(receiver.url, {}, b"{}", local=True, lines=lines).error == "connection_broken"
        and len(receiver.got) == 5
    )


def test_no_answer_is_heard_twice_or_for_another_message(receiver: Receiver, lines: Lines) -> None:
    """Bytes sent after an answer are not taken for the next answer."""

    def two_answers(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length:"
            b" 0\r\n\r\n"
        )

    receiver.answers = lambda number: 500 if number else two_answers
    assert post_safely(receiver.url, {}, b"{}", local=True, lines=lines).received
    time.sleep(0.1)
    assert post_safely(receiver.url, {}, b"{}", local=True, lines=lines).status == 500


def test_a_redirect_over_a_kept_connection_is_not_followed(
    receiver: Receiver, lines: Lines
) -> None:
    receiver.answers = lambda number: 307 if number else 200
    assert post_safely(receiver.url, {}, b"{}", local=True, lines=lines).received
    answer = post_safely(receiver.url, {}, b"{}", local=True, lines=lines)
    assert (answer.status, answer.error, len(receiver.got)) == (307, "redirect", 2)


def test_who_is_slow_over_a_kept_connection_is_cut_off(receiver: Receiver, lines: Lines) -> None:
    receiver.answers = lambda number: (lambda handler: time.sleep(3)) if number else 200
    assert post_safely(receiver.url, {}, b"{}", local=True, lines=lines).received
    began = time.monotonic()
    answer = post_safely(receiver.url, {}, b"{}", local=True, lines=lines, seconds=0.5)
    assert answer.error == "timeout" and time.monotonic() - began < 2 and len(receiver.got) == 2


def test_no_more_are_kept_than_so_many(
    receiver: Receiver, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safe_http, "KEPT_AT_MOST", 2)
    for path in ("/1", "/2", "/3", "/3", "/2", "/1"):
        assert post_safely(receiver.url + path, {}, b"{}", local=True, lines=lines).received
    assert len(receiver.lines) == 4, "the oldest is dropped"


def test_two_at_once_do_not_share_one(receiver: Receiver, lines: Lines) -> None:
    receiver.answers = lambda number: 200
    assert post_safely(receiver.url, {}, b"{}", local=True, lines=lines).received
    answers: list[safe_http.Response] = []

    def many() -> None:
        answers.extend(
            post_safely(receiver.url, {}, b"{}", local=True, lines=lines) for _ in range(20)
        )

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (
        len(answers) == 80
        and all(answer.received for answer in answers)
        and len(receiver.got) == 81
    )


# --- Who asks to be left alone --------------------------------------------------------------------

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("9" * 400, 9_999_999_999),
        ("Tue, 24 Nov 2026 10:02:00 GMT", 120),
        ("Tuesday, 24-Nov-26 10:02:00 GMT", 120),
        ("Tue Nov 24 10:02:00 2026", 120),
        ("Tue, 24 Nov 2026 09:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Tue, 24 Nov 99999 10:02:00 GMT", None),
        ("Tue, 24 Nov 2026 10:02:00 +99999999999", None),
    ],
)
def test_when_to_come_again(text: str, seconds: float | None) -> None:
    found = safe_http.seconds_asked(text, NOW)
    if text.startswith("Fri"):
        assert found is not None and found > 7000 * 365 * 86400
    else:
        assert found == seconds


@pytest.mark.parametrize(("status", "heard"), [(429, "30"), (503, "30"), (500, ""), (200, "")])
def test_only_who_is_busy_is_asked_when_to_come_again(
    receiver: Receiver, status: int, heard: str
) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Retry-After", "30")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    receiver.answers = lambda number: answer
    assert post_safely(receiver.url, {}, b"{}", local=True).retry_after == heard
