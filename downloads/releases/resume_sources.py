"""Sources of resumes that a platform names by reference instead of sending them.

`ZIZHI_RESUMES` is a folder, or a bucket of an object store (`s3://bucket/prefix`), with one folder
for each platform, named by our id. If it is empty, resumes are sent with the request. To add a
store, write an adapter of `ResumeSource`, a line in `configured_source`, and a case of its test
suite.
"""

from __future__ import annotations

from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from events.core.errors import ProviderBroken, ProviderUnavailable, Refused

SCHEME: Final = "s3"
RETRY_AFTER: Final = 30.0


class ResumeSource(Protocol):
    """A store of resumes that the platform fills and we only read."""

    def fetch(self, client_id: UUID, reference: str, limit: int) -> bytes:
        """Return the file, of at most `limit` + 1 bytes; the extra byte shows that it is too long.

        Raises Refused `resume_not_found`, ProviderUnavailable if the store does not respond, and
        ProviderBroken if it denies access.
        """
        ...


class FolderSource:
    """Files in a folder, which may be a mounted share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, client_id: UUID, reference: str, limit: int) -> bytes:
        """See `ResumeSource.fetch`.

        A path that leaves the platform's folder, through dots or a link, is not found.
        """
        if not self._folder.is_dir():
            raise ProviderUnavailable("the resume folder is missing", retry_after=RETRY_AFTER)
        own = (self._folder / str(client_id)).resolve()
        path = (own / reference).resolve()
        if not path.is_relative_to(own) or not path.is_file():
            raise Refused("resume_not_found", "resume_reference")
        try:
            with path.open("rb") as file:
                return file.read(limit + 1)
        except OSError as error:
            raise ProviderUnavailable(
                "the file cannot be read at the moment", retry_after=RETRY_AFTER
            ) from error


class S3Source:
    """Objects in a bucket, read with the official SDK (the extra `s3`), which finds its credentials
    in the usual places.

    They need `s3:GetObject` and `s3:ListBucket`. Without the latter, a store answers "forbidden"
    for a missing object, as it does for a wrong key.
    """

    def __init__(self, bucket: str, prefix: str = "", endpoint: str = "") -> None:
        import boto3
        from botocore.config import Config

        self._bucket, self._prefix = bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        # Stores of other vendors do not return the checksums that the SDK would require for each
        # object.
        config = Config(
            connect_timeout=5,
            read_timeout=20,
            retries={"mode": "standard", "max_attempts": 2},
            signature_version="s3v4",
            response_checksum_validation="when_required",
        )
        self._s3: Any = boto3.session.Session().client(
            "s3", endpoint_url=endpoint or None, config=config
        )

    def fetch(self, client_id: UUID, reference: str, limit: int) -> bytes:
        """See `ResumeSource.fetch`.

        An object's key is not a path, but a proxy before the store may treat it as one, so keys
        with dot segments are not found.
        """
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            HTTPClientError,
            NoCredentialsError,
        )
        from urllib3.exceptions import HTTPError

        if {"", ".", ".."}.intersection(reference.replace("\\", "/").split("/")):
            raise Refused("resume_not_found", "resume_reference")
        try:
            answer = self._s3.get_object(
                Bucket=self._bucket, Key=f"{self._prefix}{client_id}/{reference}"
            )
            with closing(answer["Body"]) as body:  # the bare stream would not know its length
                data = bytearray()
                while len(data) <= limit and (more := body.read(limit + 1 - len(data))):
                    data += more  # a truncated file raises an error here
        except ClientError as error:
            code, status = (
                error.response["Error"]["Code"],
                error.response["ResponseMetadata"]["HTTPStatusCode"],
            )
            if code == "NoSuchKey":
                raise Refused("resume_not_found", "resume_reference") from error
            if status >= 500 or status == 429:
                raise ProviderUnavailable(
                    f"the store answered {code}", retry_after=RETRY_AFTER
                ) from error
            raise ProviderBroken(f"the store answered {code}") from error
        except NoCredentialsError as error:
            raise ProviderBroken("the store's credentials are missing") from error
        except (HTTPClientError, BotoCoreError, HTTPError) as error:
            raise ProviderUnavailable(
                f"the store did not answer: {type(error).__name__}", retry_after=RETRY_AFTER
            ) from error
        return bytes(data)


def configured_source() -> ResumeSource | None:
    """Return the source of this deployment, if it has one."""
    return _named(settings.RESUMES, settings.RESUMES_ENDPOINT) if settings.RESUMES else None


@lru_cache(maxsize=4)
def _named(name: str, endpoint: str) -> ResumeSource:
    """Return a cached source: a client of an object store is expensive to create, and
    thread-safe.
    """
    where = urlsplit(name)
    return (
        S3Source(where.netloc, where.path, endpoint)
        if where.scheme == SCHEME
        else FolderSource(Path(name))
    )
