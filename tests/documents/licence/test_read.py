"""Tests of reading a document into one reading, and of the command."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import documents.licence.read
from documents.licence.fields import FIELDS, Problem
from documents.licence.read import QrCode, picture_of, qr_code, qr_codes, read_pages
from documents.ocr import READERS
from documents.ocr.base import Picture, Reader
from documents.ocr.cloud import CloudReading
from documents.page.boxes import Polygon, TextBox
from documents.page.confidence import SURE
from documents.specimens import make_specimen
from events.core.errors import ProviderBroken, ProviderError, ProviderUnavailable
from tests.documents.printed import ScriptedReader, line

ROOT = Path(__file__).resolve().parents[3]
BLANK = Image.new("RGB", (600, 400), "white")


def says(*rows: tuple[str, str]) -> list[TextBox]:
    """A licence with some `rows`, each a label and its value."""
    return [
        line(100, 310, "营业执照", 20),
        *(
            box
            for i, (label, value) in enumerate(rows)
            for box in (line(10, 40 * i + 10, label, 20), line(200, 40 * i + 10, value, 20))
        ),
    ]


SPECIMEN = make_specimen(11)
CODE, NAME = SPECIMEN.fields["uscc"], SPECIMEN.fields["name"]


@pytest.mark.reading
@pytest.mark.parametrize("edition", ["landscape", "portrait"])
@pytest.mark.sampled(1)
def test_a_clean_specimen_is_read_whole(edition: str) -> None:
    specimen = make_specimen(12, edition=edition)
    reading = read_pages([specimen.image], READERS[:1])
    printed = {name: text for name, text in specimen.fields.items() if text and name in FIELDS}
    for name in ("uscc", "name", "legal_representative", "established_on", "registered_capital"):
        assert reading.fields.get(name) == printed.get(name), name
    assert reading.looks_like_licence
    assert reading.seconds > 0
    assert json.loads(json.dumps(reading.as_json()))["regions"]["name"] == list(
        reading.regions["name"]
    )


@pytest.mark.reading
@pytest.mark.slow
def test_the_qr_code_is_a_second_witness() -> None:
    other = make_specimen(13).fields["uscc"]
    reading = read_pages([make_specimen(12, qr_uscc=other).image], READERS[:1])
    assert reading.qr and other in reading.qr
    assert reading.qr_uscc == other != reading.fields["uscc"]


def printed_qr(**of_specimen: Any) -> tuple[Picture, tuple[int, ...]]:
    """Return a licence, and the rectangle that differs from the same one without a QR code."""
    page, bare = (
        picture_of(make_specimen(12, **of_specimen, **without).image)
        for without in ({}, {"qr_uscc": ""})
    )
    down, across = np.nonzero((page != bare).any(axis=2))
    return page, (int(across.min()), int(down.min()), int(across.max()), int(down.max()))


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_the_region_of_the_qr_code_is_stored(turned: int) -> None:
    page, region = printed_qr(turned=turned)
    code = qr_code(page)
    assert code and code.region == pytest.approx(region, abs=3)
    assert (
        read_pages(
            [Image.fromarray(page[..., ::-1])], [ScriptedReader("a", says(("名称", NAME)))]
        ).regions["qr"]
        == code.region
    )


@pytest.mark.parametrize("shrunk", ["_half", "_double", "_triple"])
def test_a_code_that_another_size_showed_stands_where_it_is_on_the_page(
    shrunk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, region = printed_qr()
    for name in {"_plain", "_half", "_double", "_contrast", "_triple"} - {shrunk}:
        monkeypatch.setattr(documents.licence.read, name, lambda grey: np.full_like(grey, 255))
    code = qr_code(page)
    assert code and code.region == pytest.approx(region, abs=4)


def test_of_two_codes_the_one_that_states_a_company_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    pasted, own = (
        QrCode("https://x.example", (0, 0, 9, 9)),
        QrCode(f"统一社会信用代码：{CODE}", (50, 0, 59, 9)),
    )
    monkeypatch.setattr(documents.licence.read, "qr_codes", lambda picture: [pasted, own])
    assert qr_code(picture_of(BLANK)) == own


def test_a_page_without_a_qr_code_has_none() -> None:
    assert qr_codes(np.full((300, 300, 3), 255, np.uint8)) == []
    assert qr_code(np.full((300, 300, 3), 255, np.uint8)) is None


@pytest.mark.reading
@pytest.mark.slow
def test_the_licence_is_found_among_other_pages() -> None:
    reading = read_pages([BLANK, SPECIMEN.image, BLANK], READERS[:1])
    assert reading.page == 2
    assert reading.fields["uscc"] == CODE


@pytest.mark.reading
@pytest.mark.accuracy
@pytest.mark.parametrize("edition", ["landscape", "portrait"])
def test_two_licences_side_by_side_are_told(edition: str) -> None:
    left, right = (
        make_specimen(14, edition=edition).image,
        make_specimen(15, edition="portrait").image,
    )
    page = Image.new("RGB", (left.width + right.width, max(left.height, right.height)), "white")
    page.paste(left, (0, 0))
    page.paste(right, (left.width, 0))
    assert {Problem.SEVERAL_LICENCES, Problem.SEVERAL_CODES} <= set(
        read_pages([page], READERS[:1]).problems
    )
    assert read_pages([left], READERS[:1]).problems == ()


class Shelf(Sequence[Image.Image]):
    """Pages that are made on request.

    Records which were requested, and how many others were held at the time.
    """

    def __init__(self, *pages: Image.Image) -> None:
        self._pages, self._given = pages, list[weakref.ref[Image.Image]]()
        self.asked: list[int] = []
        self.held = 0

    def __len__(self) -> int:
        return len(self._pages)

    def __getitem__(self, number: Any) -> Any:
        self.held = max(self.held, sum(page() is not None for page in self._given))
        self.asked.append(number)
        page = self._pages[number].copy()
        self._given.append(weakref.ref(page))
        return page


@pytest.mark.reading
@pytest.mark.slow
def test_pages_are_taken_one_at_a_time_and_only_until_the_licence_is_found() -> None:
    shelf = Shelf(BLANK, SPECIMEN.image, BLANK)
    reading = read_pages(shelf, READERS[:1])
    assert (reading.page, reading.fields["uscc"], reading.qr_uscc) == (2, CODE, CODE)
    assert (shelf.asked, shelf.held) == ([0, 1], 0)


def test_a_second_reader_looks_at_the_same_picture() -> None:
    shelf = Shelf(BLANK, BLANK, BLANK)
    readers = [
        ScriptedReader("a", says(("名称", NAME))),
        ScriptedReader("b", says(("统一社会信用代码", CODE))),
    ]
    reading = read_pages(shelf, readers)
    assert (reading.page, reading.reader) == (1, "a+b") and shelf.asked == [0, 1, 2]
    assert [len(reader.pages) for reader in readers] == [3, 1]


def test_the_page_that_says_most_is_kept() -> None:
    """Of two that say as much, the first."""

    class Rotating(ScriptedReader):
        def read(self, image: Picture) -> list[TextBox]:
            super().read(image)
            return [said[0], said[1], said[1], said[2]][len(self.pages) - 1]

    said = [says(("类型", "有限责任公司")), says(("名称", NAME), ("法定代表人", "王示例")), []]
    reading = read_pages([BLANK] * 4, [Rotating("a", [])])
    assert reading.page == 2 and reading.fields["name"] == NAME


def test_a_document_without_pages_is_no_readers_fault() -> None:
    with pytest.raises(ProviderBroken):
        read_pages([], [ScriptedReader("a", [])])


def test_the_second_reader_rests_when_the_first_saw_enough() -> None:
    first, second = (
        ScriptedReader("a", says(("统一社会信用代码", CODE), ("名称", NAME))),
        ScriptedReader("b", []),
    )
    reading = read_pages([BLANK], [first, second])
    assert (reading.reader, second.pages) == ("a", [])


def test_the_second_reader_adds_the_code_that_the_first_lacks() -> None:
    first = ScriptedReader("a", says(("名称", NAME), ("法定代表人", "王示例")))
    second = ScriptedReader("b", says(("统一社会信用代码", CODE), ("名称", "某某有限公司")))
    reading = read_pages([BLANK], [first, second])
    assert reading.fields == {"uscc": CODE, "name": NAME, "legal_representative": "王示例"}
    assert reading.reader == "a+b"
    assert set(reading.regions) == set(reading.confidence) == set(reading.fields)


def test_the_second_reader_does_not_replace_a_wrong_code_by_another_wrong_one() -> None:
    wrong = CODE[:-1] + ("A" if CODE[-1] != "A" else "B")
    first = ScriptedReader("a", says(("统一社会信用代码", wrong), ("名称", NAME)))
    second = ScriptedReader("b", says(("统一社会信用代码", wrong[:-2] + "00")))
    assert read_pages([BLANK], [first, second]).fields["uscc"] == wrong


@pytest.mark.parametrize("failure", [ProviderBroken("x"), ProviderUnavailable("x")])
def test_the_second_reader_takes_over_when_the_first_fails(failure: ProviderError) -> None:
    second = ScriptedReader("b", says(("统一社会信用代码", CODE), ("名称", NAME)))
    reading = read_pages([BLANK], [ScriptedReader("a", failure), second])
    assert (reading.fields["uscc"], reading.reader) == (CODE, "b")


class CloseScriptedReader(ScriptedReader):
    """A reader that counts its second looks, and sees nothing in them."""

    looks = 0

    def read_regions(self, image: Picture, regions: Sequence[Polygon]) -> list[TextBox]:
        self.looks += 1
        return []

    def read_area(
        self, image: Picture, area: Polygon, zoom: float, *, ink: bool = False
    ) -> list[TextBox]:
        self.looks += 1
        return []


def test_second_looks_end_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    for seconds, looks in ((60.0, True), (-1.0, False)):
        monkeypatch.setattr(documents.licence.read, "SECONDS_TO_LOOK", seconds)
        first, second = (CloseScriptedReader(name, says(("名称", NAME))) for name in ("a", "b"))
        read_pages([BLANK], [first, second])
        assert (first.looks > 0, second.looks > 0) == (looks, looks)


@dataclass
class ScriptedCloud:
    """A cloud reader that answers `answer` or raises it, and records the pictures sent."""

    answer: CloudReading | ProviderError
    sent: list[bytes] = field(default_factory=list)
    name: str = "cloud"
    version: str = "1"

    def available(self) -> bool:
        return True

    def read_fields(self, jpeg: bytes) -> CloudReading:
        self.sent.append(jpeg)
        if isinstance(self.answer, ProviderError):
            raise self.answer
        return self.answer


def test_a_cloud_is_asked_last_and_fills_what_is_missing() -> None:
    cloud = ScriptedCloud(
        CloudReading(
            {"uscc": CODE, "name": "别的公司", "address": "云溪市澜浦路1号"},
            "cloud",
            answer={"Id": "1"},
        )
    )
    reading = read_pages([BLANK], [ScriptedReader("a", says(("名称", NAME)))], cloud=cloud)
    assert reading.fields == {"name": NAME, "uscc": CODE, "address": "云溪市澜浦路1号"}
    assert (
        reading.reader == "a+cloud"
        and reading.cloud is not None
        and reading.cloud["answer"] == {"Id": "1"}
    )
    assert reading.confidence["uscc"] < SURE and set(reading.regions) == {"name"}
    assert Image.open(io.BytesIO(cloud.sent[0])).format == "JPEG"
    json.dumps(reading.as_json())


def test_a_cloud_is_not_sent_what_was_read_here() -> None:
    cloud = ScriptedCloud(CloudReading({}, "cloud"))
    assert (
        read_pages(
            [BLANK],
            [ScriptedReader("a", says(("统一社会信用代码", CODE), ("名称", NAME)))],
            cloud=cloud,
        ).cloud
        is None
    )
    assert cloud.sent == []


def test_a_cloud_that_fails_takes_nothing_away() -> None:
    cloud = ScriptedCloud(ProviderUnavailable("x"))
    reading = read_pages([BLANK], [ScriptedReader("a", says(("名称", NAME)))], cloud=cloud)
    assert (reading.fields, reading.cloud, reading.reader) == ({"name": NAME}, None, "a")


def test_no_reader_at_all_is_the_providers_failure() -> None:
    readers: list[Reader] = [
        ScriptedReader("a", ProviderBroken("x")),
        ScriptedReader("b", [], there=False),
    ]
    with pytest.raises(ProviderBroken):
        read_pages([BLANK], readers)
    with pytest.raises(ProviderUnavailable):
        read_pages([BLANK], readers[1:])


def test_what_is_no_licence_does_not_look_like_one() -> None:
    reading = read_pages([BLANK], READERS[:1])
    assert not reading.looks_like_licence
    assert reading.fields == {}


# --- The command -------- -------------------------------------------------------------------------


def command(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run `manage.py read_licence` in its own process, in a locale without Chinese."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "",
    }
    return subprocess.run(
        [sys.executable, "manage.py", "read_licence", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("licences")
    image = SPECIMEN.image
    image.save(folder / "照片.jpg", quality=90)
    image.save(folder / "page.png")
    image.save(folder / "page.webp", quality=90)
    image.save(folder / "page.tiff", compression="tiff_lzw")
    BLANK.save(folder / "two.pdf", save_all=True, append_images=[image], resolution=150)
    (folder / "text.jpg").write_text("not a picture")
    (folder / "empty.pdf").touch()
    import pillow_heif

    heif = pillow_heif.from_pillow(image)
    encoded = io.BytesIO()
    heif.save(encoded, quality=85)
    (folder / "photo.heic").write_bytes(encoded.getvalue())
    return folder


NAMES = [
    "照片.jpg",
    "text.jpg",
    "page.png",
    "page.webp",
    "empty.pdf",
    "page.tiff",
    "two.pdf",
    "missing.jpg",
    "photo.heic",
]


@pytest.fixture(scope="module")
def told(folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Return the command's output for all NAMES."""
    return command("--json", *(str(folder / name) for name in NAMES))


@pytest.mark.accuracy
def test_every_format_gives_a_line_and_a_bad_file_does_not_stop_the_rest(
    told: subprocess.CompletedProcess[bytes],
) -> None:
    lines: list[dict[str, Any]] = [
        json.loads(line) for line in told.stdout.decode("utf-8").splitlines()
    ]
    assert [Path(line["file"]).name for line in lines] == NAMES, told.stderr.decode()
    by_name = {Path(line["file"]).name: line for line in lines}
    for bad, code in (
        ("text.jpg", "document_wrong_type"),
        ("empty.pdf", "document_empty"),
        ("missing.jpg", "file_not_readable"),
    ):
        error = by_name.pop(bad)["error"]
        assert error["code"] == code
        assert error["message"]
    for name, answer in by_name.items():
        assert answer["fields"]["uscc"] == CODE, name
        assert set(answer["confidence"]) == set(answer["fields"]) <= set(FIELDS)
        assert answer["seconds"] > 0
        assert "qr" in answer
    assert by_name["照片.jpg"]["fields"]["name"] == NAME
    assert by_name["two.pdf"]["page"] == 2
    assert told.returncode == 1


@pytest.mark.accuracy
def test_a_good_file_exits_with_success_and_reads_well(folder: Path) -> None:
    done = command(str(folder / "照片.jpg"))
    text = done.stdout.decode("utf-8")
    assert done.returncode == 0, done.stderr.decode()
    assert "统一社会信用代码" in text and CODE in text and NAME in text


@pytest.mark.accuracy
def test_other_papers_are_read_by_their_kind(tmp_path: Path) -> None:
    from documents.specimens.letter import make_letter

    specimen = make_letter(24, "form")
    specimen.image.save(tmp_path / "letter.png")
    done = command("--kind", "authorization_letter", "--json", str(tmp_path / "letter.png"))
    (line,) = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]
    assert done.returncode == 0, done.stderr.decode()
    assert line["kind"] == "authorization_letter" and line["titled"] and line["sealed"]
    assert line["fields"] == specimen.fields
    text = command("--kind", "hr_service_licence", str(tmp_path / "letter.png")).stdout.decode(
        "utf-8"
    )
    assert "看起来不是人力资源服务许可证" in text


@pytest.mark.accuracy
def test_the_answer_for_a_business_licence_has_these_keys(
    told: subprocess.CompletedProcess[bytes],
) -> None:
    line = told.stdout.decode("utf-8").splitlines()[NAMES.index("page.png")]
    assert list(json.loads(line)) == [
        "file",
        "fields",
        "confidence",
        "alternatives",
        "form",
        "problems",
        "qr",
        "qr_uscc",
        "looks_like_licence",
        "page",
        "turn",
        "reader",
        "seconds",
    ]
