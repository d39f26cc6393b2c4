"""Tests that specimens are valid, legible, repeatable, true to their fields, and fictitious."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from django.core.management import CommandError, call_command
from PIL import Image, ImageStat

from documents import uscc
from documents.ocr.rapid import RapidReader
from documents.specimens import (
    DAMAGES,
    DECOYS,
    EDITIONS,
    FORGERIES,
    Company,
    make_decoy,
    make_specimen,
)
from documents.specimens.company import chinese_date
from documents.specimens.forgery import alter_code
from documents.typesetting import Face, Plate, has_glyph, missing_glyphs

SEEDS = range(300)


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


def changed(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int]:
    """Return the rectangle outside of which both pictures are equal."""
    ys, xs = np.nonzero((np.asarray(one) != np.asarray(other)).any(axis=2))
    return int(xs.min()), int(ys.min()), int(xs.max()), int(ys.max())


def qr_payloads(image: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(image)]


class TestCompany:
    def test_its_codes_check_characters_are_right_and_its_region_is_nowhere(self) -> None:
        codes = [Company.fictitious(seed).uscc for seed in SEEDS]
        assert [code for code in codes if uscc.uscc_problem(code)] == []
        assert [
            code for code in codes if code[16] != uscc.organisation_check_character(code[8:16])
        ] == []
        assert {code[2:4] for code in codes} == {"99"}

    def test_seeds_give_each_category_and_say_so(self) -> None:
        kinds = {seed % 10: Company.fictitious(seed).kind for seed in range(10)}
        assert kinds == dict.fromkeys(range(8), "company") | {8: "individual", 9: "cooperative"}
        assert Company.fictitious(1, "cooperative").uscc.startswith("93")
        assert Company.fictitious(8).registered_capital == ""

    def test_the_same_seed_gives_the_same_company_and_others_differ(self) -> None:
        assert Company.fictitious(41) == Company.fictitious(41)
        assert len({Company.fictitious(seed).uscc for seed in SEEDS}) == len(SEEDS)
        assert len({Company.fictitious(seed).domain for seed in SEEDS}) == len(SEEDS)

    def test_no_mail_can_reach_anyone(self) -> None:
        assert all(
            re.fullmatch(r"[a-z0-9-]+\.example", Company.fictitious(seed).domain) for seed in SEEDS
        )

    def test_every_term_reaches_beyond_2027(self) -> None:
        """So that no specimen is refused for its age unless a test wants that."""
        for seed in SEEDS:
            term = Company.fictitious(seed).term
            assert "长期" in term or int(re.findall(r"(\d{4})年", term)[-1]) > 2027

    def test_lettered_organisation_codes_begin_when_they_did(self) -> None:
        for seed in SEEDS:
            company = Company.fictitious(seed)
            assert company.uscc[8:10] == "MA" or company.established_on < date(2015, 10, 1)


class TestPicture:
    @pytest.mark.parametrize("edition", EDITIONS)
    @pytest.mark.sampled(1)
    def test_equal_arguments_give_equal_pictures(self, edition: str) -> None:
        assert same(
            make_specimen(3, edition, "heavy").image, make_specimen(3, edition, "heavy").image
        )
        assert not same(make_specimen(3, edition).image, make_specimen(4, edition).image)

    @pytest.mark.parametrize("edition", EDITIONS)
    @pytest.mark.parametrize("damage", DAMAGES)
    @pytest.mark.sampled(6)
    def test_each_damage_leaves_a_picture_of_use(self, edition: str, damage: str) -> None:
        image = make_specimen(6, edition, damage).image
        assert image.mode == "RGB"
        assert min(image.size) >= 500
        assert max(image.size) <= 2400
        assert max(ImageStat.Stat(image).stddev) > 15
        unchanged = same(image, make_specimen(6, edition).image)
        assert unchanged is (damage == "none")

    def test_forms_lie_and_stand(self) -> None:
        assert make_specimen(1, "landscape").image.size == (1600, 1130)
        assert make_specimen(1, "portrait").image.size == (1130, 1600)

    @pytest.mark.parametrize("edition", EDITIONS)
    @pytest.mark.parametrize("damage", ["none", "light", "turned"])
    @pytest.mark.parametrize("seed", [2, 8, 19])
    @pytest.mark.sampled(4)
    def test_its_qr_code_names_its_company(self, edition: str, damage: str, seed: int) -> None:
        specimen = make_specimen(seed, edition, damage)
        assert qr_payloads(specimen.image) == [
            f"http://www.gsxt.gov.cn/index.html?uniscid={specimen.fields['uscc']}"
        ]

    def test_damages_combine_and_turns_come_last(self) -> None:
        upright = make_specimen(5, "landscape", "photocopy+blur").image
        assert ImageStat.Stat(upright.convert("HSV")).mean[1] == 0
        assert same(
            make_specimen(5, "landscape", "photocopy+blur", turned=90).image,
            upright.transpose(Image.Transpose.ROTATE_270),
        )

    def test_a_jpeg_is_what_an_upload_would_be(self) -> None:
        file = make_specimen(1, damage="light").jpeg(quality=80)
        assert file.startswith(b"\xff\xd8")
        assert Image.open(io.BytesIO(file)).size == make_specimen(1, damage="light").image.size

    def test_turned_alone_is_a_photo_and_joined_only_turns(self) -> None:
        turned, flat = (
            make_specimen(5, "landscape", "turned").image,
            make_specimen(5, "landscape").image,
        )
        assert not any(same(turned.transpose(turn), flat) for turn in Image.Transpose)
        joined = make_specimen(5, "landscape", "photocopy+turned").image
        assert ImageStat.Stat(joined.convert("HSV")).mean[1] == 0

    @pytest.mark.accuracy
    def test_a_scan_has_the_pixels_of_150_to_200_dpi_and_a_hard_photo_is_dark(self) -> None:
        assert all(
            150 * 11.6 < max(make_specimen(seed, damage="scan").image.size) < 200 * 11.8
            for seed in range(4)
        )
        for seed in range(3):
            assert (
                ImageStat.Stat(make_specimen(seed, damage="hard").image.convert("L")).mean[0] < 110
            )
            assert (
                ImageStat.Stat(make_specimen(seed, damage="scan").image.convert("L")).mean[0] > 200
            )


class TestForgery:
    @pytest.mark.parametrize("seed", range(24))
    @pytest.mark.parametrize("forgery", ["forged_digit", "forged_bare"])
    @pytest.mark.sampled(6)
    def test_one_digit_differs_and_the_check_character_is_wrong(
        self, forgery: str, seed: int
    ) -> None:
        true, printed = (
            Company.fictitious(seed).uscc,
            make_specimen(seed, damage=forgery).fields["uscc"]
            if seed < 3
            else alter_code(Company.fictitious(seed).uscc, seed),
        )
        assert sum(a != b for a, b in zip(true, printed, strict=True)) == 1
        assert not uscc.is_valid(printed)

    def test_the_qr_code_tells_what_was_edited_unless_it_was_taken_off(self) -> None:
        digit, bare = (
            make_specimen(4, damage="forged_digit"),
            make_specimen(4, damage="forged_bare"),
        )
        assert qr_payloads(digit.image) == [
            f"http://www.gsxt.gov.cn/index.html?uniscid={Company.fictitious(4).uscc}"
        ]
        assert digit.company == Company.fictitious(4)
        assert digit.fields["uscc"] == bare.fields["uscc"] != digit.company.uscc
        assert qr_payloads(bare.image) == []

    def test_print_and_qr_name_two_companies(self) -> None:
        specimen = make_specimen(4, damage="forged_code")
        assert uscc.is_valid(specimen.fields["uscc"])
        assert specimen.fields["uscc"] != specimen.company.uscc
        assert qr_payloads(specimen.image) == [
            f"http://www.gsxt.gov.cn/index.html?uniscid={specimen.company.uscc}"
        ]

    @pytest.mark.accuracy
    def test_forged_is_each_of_them_in_turn(self) -> None:
        kinds = [make_specimen(seed, damage="forged").fields["uscc"] for seed in range(3)]
        assert kinds == [
            make_specimen(seed, damage=FORGERIES[seed]).fields["uscc"] for seed in range(3)
        ]

    def test_a_forgery_joins_with_damages_and_yields_to_overrides(self) -> None:
        assert max(make_specimen(4, damage="forged_code+small").image.size) < 0.7 * max(
            make_specimen(4, damage="forged_code").image.size
        )
        assert make_specimen(4, damage="forged_code", uscc="X").fields["uscc"] == "X"


class TestDecoy:
    @pytest.mark.parametrize("kind", DECOYS)
    @pytest.mark.sampled(2)
    def test_equal_arguments_give_equal_pictures_with_every_glyph(
        self, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drawn: list[tuple[Face, str]] = []
        draw = Plate.text

        def noting(
            self: Plate, x: float, y: float, text: str, face: Any, size: int, anchor: str = "ls"
        ) -> None:
            drawn.append((face, text))
            draw(self, x, y, text, face, size, anchor)

        monkeypatch.setattr(Plate, "text", noting)
        one = make_decoy(3, kind)
        assert same(one, make_decoy(3, kind))
        assert not same(one, make_decoy(4, kind))
        assert not [(face, text) for face, text in drawn if missing_glyphs(face, text)]
        assert bool(drawn) is (kind not in ("blank", "landscape", "selfie"))
        assert "营业执照" not in {text.replace(" ", "") for _, text in drawn}
        assert one.mode == "RGB"
        assert min(one.size) >= 500

    def test_what_it_names_is_fictitious_and_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        texts: list[str] = []
        monkeypatch.setattr(Plate, "text", lambda self, x, y, text, *_: texts.append(text))
        for kind in DECOYS:
            texts.clear()
            make_decoy(3, kind, "none")
            assert not texts or "样本·虚构" in "".join(texts)

    @pytest.mark.parametrize(
        ("kind", "damage", "words"),
        [("visa", None, ["'visa'", "id_card"]), ("chat", "wet", ["'wet'", "phone"])],
    )
    def test_an_unknown_one_is_refused(
        self, kind: str, damage: str | None, words: list[str]
    ) -> None:
        with pytest.raises(ValueError) as refusal:
            make_decoy(1, kind, damage)
        assert [word for word in words if word not in str(refusal.value)] == []


class TestTruth:
    @pytest.mark.parametrize("edition", EDITIONS)
    @pytest.mark.parametrize("seed", [1, 2, 3, 8, 9, 10, 27, 33, 48, 59])
    @pytest.mark.sampled(4)
    def test_fields_are_what_is_printed_and_every_glyph_exists(
        self, edition: str, seed: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drawn: list[tuple[Face, str]] = []
        draw = Plate.text

        def noting(
            self: Plate, x: float, y: float, text: str, face: Any, size: int, anchor: str = "ls"
        ) -> None:
            drawn.append((face, text))
            draw(self, x, y, text, face, size, anchor)

        monkeypatch.setattr(Plate, "text", noting)
        specimen = make_specimen(seed, edition)
        assert not [(face, text) for face, text in drawn if missing_glyphs(face, text)]
        printed = "".join(text for _, text in drawn)
        fields = dict(specimen.fields)
        assert not missing_glyphs(
            "song", fields.pop("registration_authority")
        )  # set by the seal, not by the printer
        assert chinese_date(date.fromisoformat(fields.pop("established_on"))) in printed
        assert [key for key, value in fields.items() if value not in printed] == []
        assert "样本·虚构 SPECIMEN" in printed

    def test_fields_have_the_same_keys_whatever_the_sheet_carries(self) -> None:
        keys = {
            tuple(make_specimen(seed, edition).fields) for seed in (1, 8, 9) for edition in EDITIONS
        }
        assert len(keys) == 1
        assert (
            make_specimen(8).fields["registered_capital"] == make_specimen(8).fields["term"] == ""
        )

    def test_a_term_is_left_off_company_licences_since_march_2022(self) -> None:
        assert (
            make_specimen(1, issued_on=date(2022, 2, 28)).fields["term"]
            == Company.fictitious(1).term
        )
        assert make_specimen(1, issued_on=date(2022, 3, 1)).fields["term"] == ""

    def test_an_override_is_printed_and_changes_nothing_else(self) -> None:
        true, forged = (
            make_specimen(1, "portrait"),
            make_specimen(1, "portrait", legal_representative="林问渠"),
        )
        assert forged.fields == true.fields | {"legal_representative": "林问渠"}
        assert forged.company == true.company
        x0, y0, x1, y1 = changed(true.image, forged.image)
        assert 300 < x0 < x1 < 450  # the value's region, one line high
        assert y1 - y0 < 40

    def test_a_qr_code_can_name_another_company_or_be_absent(self) -> None:
        other = Company.fictitious(2).uscc
        assert qr_payloads(make_specimen(1, qr_uscc=other).image) == [
            f"http://www.gsxt.gov.cn/index.html?uniscid={other}"
        ]
        assert qr_payloads(make_specimen(1, qr_uscc="").image) == []

    def test_another_company_can_be_printed_on_the_sheet_of_a_seed(self) -> None:
        specimen = make_specimen(1, company=Company.fictitious(7))
        assert specimen.company == Company.fictitious(7)
        assert specimen.fields["name"] == Company.fictitious(7).name

    def test_text_that_kai_lacks_is_printed_in_song(self) -> None:
        assert has_glyph("song", "骐")
        assert not has_glyph("kai", "骐")
        assert (
            make_specimen(1, face="kai", legal_representative="林骐").fields["legal_representative"]
            == "林骐"
        )

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ({"edition": "square"}, ["'square'", "landscape, portrait"]),
            ({"damage": "light+wet"}, ["'wet'", "heavy"]),
            ({"capital": "1"}, ["capital", "registered_capital"]),
            ({"copy": "抄本"}, ["'抄本'", "正本, 副本"]),
            ({"face": "hei"}, ["'hei'", "song, kai"]),
            ({"turned": 45}, ["45", "270"]),
            ({"established_on": "2016"}, ["established_on", "'2016'", "date"]),
            ({"name": "云溪市𠮷野有限公司"}, ["'𠮷'", "fonts/README.md"]),
        ],
    )
    def test_what_cannot_be_made_is_refused_with_what_was_seen_and_what_is_known(
        self, arguments: dict[str, Any], words: list[str]
    ) -> None:
        with pytest.raises(ValueError) as refusal:
            make_specimen(1, **arguments)
        assert [word for word in words if word not in str(refusal.value)] == []


@pytest.fixture(scope="module")
def reader() -> RapidReader:
    return RapidReader()


@pytest.mark.reading
@pytest.mark.accuracy
@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize(
    ("damage", "seed"), [("none", 1), ("none", 8), ("light", 2), ("light", 13)]
)
def test_a_reader_finds_the_code_and_the_name(
    reader: RapidReader, edition: str, damage: str, seed: int
) -> None:
    specimen = make_specimen(seed, edition, damage)
    boxes = reader.read(np.ascontiguousarray(np.asarray(specimen.image)[..., ::-1]))
    text = unicodedata.normalize("NFKC", "".join(box.text for box in boxes)).replace(" ", "")
    assert specimen.fields["uscc"] in text
    assert unicodedata.normalize("NFKC", specimen.fields["name"]) in text


class TestCommand:
    @pytest.mark.parametrize(
        ("name", "start"),
        [
            ("a.jpg", b"\xff\xd8\xff"),
            ("a.JPEG", b"\xff\xd8\xff"),
            ("a.png", b"\x89PNG"),
            ("a.webp", b"RIFF"),
            ("a.tiff", b"II*\0"),
            ("a.pdf", b"%PDF-"),
            ("a.heic", b"\0\0\0"),
        ],
    )
    @pytest.mark.sampled(1)
    def test_the_extension_says_what_is_written(
        self, tmp_path: Path, name: str, start: bytes
    ) -> None:
        call_command("make_licence", "--seed", "1", "--out", str(tmp_path / name))
        assert (tmp_path / name).read_bytes().startswith(start)

    def test_many_are_numbered_and_their_truth_is_printed(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = str(tmp_path / "licence-{seed}.jpg")
        call_command(
            "make_licence",
            "--seed",
            "7",
            "--count",
            "2",
            "--out",
            out,
            "--json",
            "--form",
            "portrait",
            "--set",
            "name=云溪市某某有限公司",
        )
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert sorted(file.name for file in tmp_path.iterdir()) == [
            "licence-7.jpg",
            "licence-8.jpg",
        ]
        assert [line["seed"] for line in lines] == [7, 8]
        assert lines[0]["fields"] == make_specimen(7, "portrait", name="云溪市某某有限公司").fields
        assert lines[0]["domain"] == Company.fictitious(7).domain

    @pytest.mark.parametrize("name", ["a.jpg", "a.pdf"])
    def test_a_decoy_is_written_and_named(
        self, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command(
            "make_licence",
            "--seed",
            "3",
            "--out",
            str(tmp_path / name),
            "--decoy",
            "receipt",
            "--json",
        )
        assert json.loads(capsys.readouterr().out) == {
            "file": str(tmp_path / name),
            "seed": 3,
            "decoy": "receipt",
            "fields": {},
        }
        assert (tmp_path / name).stat().st_size > 10_000

    def test_a_forgery_tells_what_it_prints(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command(
            "make_licence",
            "--seed",
            "3",
            "--out",
            str(tmp_path / "a.jpg"),
            "--damage",
            "forged_code",
        )
        assert make_specimen(3, damage="forged_code").fields["uscc"] in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--out", "a.gif"], [".gif", ".jpg"]),
            (["--out", "a"], ["nothing", ".jpg"]),
            (["--out", "missing/a.jpg"], ["missing/a.jpg", "No such file"]),
            (["--out", "a.jpg", "--form", "round"], ["'round'", "landscape"]),
            (["--out", "a.jpg", "--damage", "wet"], ["'wet'", "heavy"]),
            (["--out", "a.jpg", "--count", "2"], ["a.jpg", "{seed}"]),
            (["--out", "a.jpg", "--count", "0"], ["0", "1 or more"]),
            (["--out", "a.jpg", "--quality", "200"], ["200", "95"]),
            (["--out", "a.jpg", "--decoy", "visa"], ["'visa'", "id_card"]),
            (["--out", "a.jpg", "--decoy", "chat", "--set", "name=某"], ["--set", "--decoy"]),
            (["--out", "a.jpg", "--set", "size=3"], ["size=3", "legal_representative"]),
            (["--out", "a.jpg", "--set", "established_on=May"], ["'May'", "2016-05-31"]),
            (["--out", "a.jpg", "--set", "turned=45"], ["45", "270"]),
        ],
    )
    def test_a_mistake_is_named_and_nothing_is_written(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        arguments: list[str],
        words: list[str],
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(CommandError) as refusal:
            call_command("make_licence", "--seed", "1", *arguments)
        assert [word for word in words if word not in str(refusal.value)] == []
        assert list(tmp_path.iterdir()) == []
