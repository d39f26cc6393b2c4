"""Uploads and page contents for tests of the case's pages."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

HTMX = {"hx-request": "true"}
SCRIPT = {"x-requested-with": "XMLHttpRequest"}


def picture(
    shade: int = 200, size: tuple[int, int] = (1200, 850), name: str = "licence.jpg"
) -> SimpleUploadedFile:
    data = BytesIO()
    Image.new("RGB", size, (shade, 190, 180)).save(data, "JPEG")
    return SimpleUploadedFile(name, data.getvalue(), "image/jpeg")


def text(response: Any) -> str:
    return str(response.content.decode())


def upload(visitor: Client, *files: Any, kind: str = "business_licence", **headers: str) -> Any:
    return visitor.post(
        "/case/documents/", {"kind": kind, "files": list(files)}, headers=headers or None
    )
