"""Tests of the sources of resumes: each returns only files of the platform.

One suite for all adapters, then tests for each alone.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import boto3
import pytest
from django.test import override_settings
from moto.server import ThreadedMotoServer

from downloads.releases import resume_sources
from downloads.releases.resume_sources import FolderSource, ResumeSource, S3Source
from events.core.errors import ProviderBroken, ProviderUnavailable, Refused

OURS, THEIRS = UUID(int=1), UUID(int=2)
FILES = {
    f"{OURS}/2026/cv.pdf": b"%PDF ours",
    f"{OURS}/空 格.pdf": b"%PDF named",
    f"{OURS}/none.pdf": b"",
    f"{THEIRS}/cv.pdf": b"%PDF theirs",
}
OUTSIDE = [
    "cv.pdf",
    "2026",
    f"../{THEIRS}/cv.pdf",
    f"2026/../../{THEIRS}/cv.pdf",
    "/etc/hostname",
    "2026/./../x",
]
LIMIT = 20


@pytest.fixture(scope="module", autouse=True)
def _credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "eu-west-1",
        }.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """The address of a local object store that contains `FILES`."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    s3 = boto3.client("s3", endpoint_url=address)
    s3.create_bucket(
        Bucket="resumes", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    for name, data in FILES.items():
        s3.put_object(Bucket="resumes", Key=f"site/{name}", Body=data)
    yield address
    server.stop()


def _folder(request: pytest.FixtureRequest) -> ResumeSource:
    folder: Path = request.getfixturevalue("tmp_path")
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return FolderSource(folder)


def _bucket(request: pytest.FixtureRequest) -> ResumeSource:
    return S3Source("resumes", "site/", request.getfixturevalue("store"))


SOURCES: dict[str, Callable[[pytest.FixtureRequest], ResumeSource]] = {
    "folder": _folder,
    "s3": _bucket,
}


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest) -> ResumeSource:
    return SOURCES[request.param](request)


@pytest.mark.parametrize("reference", ["2026/cv.pdf", "空 格.pdf", "none.pdf"])
def test_what_a_platform_filled_in_is_found(source: ResumeSource, reference: str) -> None:
    assert source.fetch(OURS, reference, LIMIT) == FILES[f"{OURS}/{reference}"]


@pytest.mark.parametrize("reference", OUTSIDE)
def test_nothing_else_is(source: ResumeSource, reference: str) -> None:
    with pytest.raises(Refused, match="resume_not_found"):
        source.fetch(OURS, reference, LIMIT)


def test_a_file_that_is_too_long_is_known_by_one_byte_more(source: ResumeSource) -> None:
    assert source.fetch(OURS, "2026/cv.pdf", 4) == b"%PDF "


def test_a_folder_that_is_not_mounted_is_asked_again(tmp_path: Path) -> None:
    with pytest.raises(ProviderUnavailable):
        FolderSource(tmp_path / "away").fetch(OURS, "cv.pdf", LIMIT)


def test_a_bucket_that_is_not_ours_is_told_to_who_runs_this(store: str) -> None:
    with pytest.raises(ProviderBroken, match="NoSuchBucket"):
        S3Source("another", "", store).fetch(OURS, "cv.pdf", LIMIT)


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Run a server that sends `answer` to every client and closes the connection."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _error(status: str, code: str) -> bytes:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length:"
        f" {len(body)}\r\nConnection: close\r\n\r\n".encode()
        + body
    )


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (_error("503 Slow Down", "SlowDown"), ProviderUnavailable),
        (_error("403 Forbidden", "AccessDenied"), ProviderBroken),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\nConnection: close\r\n\r\n%PDF cut",
            ProviderUnavailable,
        ),
        (b"", ProviderUnavailable),
    ],
    ids=["slow-down", "forbidden", "cut-short", "hangs-up"],
)
def test_a_store_in_trouble_is_told_from_a_file_that_is_not_there(
    answer: bytes, kind: type[Exception]
) -> None:
    with answering(answer) as address, pytest.raises(kind):
        S3Source("resumes", "", address).fetch(OURS, "cv.pdf", 1000)


def test_without_credentials_who_runs_this_is_told(
    monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(ProviderBroken, match="credentials"):
        S3Source("resumes", "", store).fetch(OURS, "cv.pdf", LIMIT)


def test_one_setting_chooses_the_source(tmp_path: Path, store: str) -> None:
    with override_settings(RESUMES=""):
        assert resume_sources.configured_source() is None
    with override_settings(RESUMES=str(tmp_path)):
        assert isinstance(resume_sources.configured_source(), FolderSource)
    with override_settings(RESUMES="s3://resumes/site", RESUMES_ENDPOINT=store):
        source = resume_sources.configured_source()
        assert isinstance(source, S3Source) and source is resume_sources.configured_source()
        assert source.fetch(OURS, "2026/cv.pdf", LIMIT) == b"%PDF ours"
