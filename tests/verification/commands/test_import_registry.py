"""Tests of importing an export of the register, and of reporting its faulty rows."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_uscc
from verification.management.commands.import_registry import COLUMNS
from verification.models import RegistryRecord
from verification.providers.registries.base import Status
from verification.providers.registries.snapshot import SnapshotRegistry

pytestmark = pytest.mark.django_db

HEADER = ",".join(COLUMNS)
A, B, C = make_uscc(11), make_uscc(12), make_uscc(13)


def row(
    uscc: str,
    name: str = "云溪市示例科技有限公司",
    status: str = "存续",
    established_on: str = "2015-03-02",
    as_of: str = "2026-11-01",
) -> str:
    return f"{uscc},{name},柳青,{status},{established_on},example.com,0,否,{as_of}"


def imported(path: Path, *lines: str, encoding: str = "utf-8") -> tuple[str, str, int]:
    """Return the command's stdout, stderr and exit status."""
    path = path / "register.csv"
    path.write_bytes("\n".join(lines).encode(encoding))
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("import_registry", str(path), stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), err.getvalue() + str(error), error.returncode
    return out.getvalue(), err.getvalue(), 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    out, err, status = imported(
        tmp_path,
        HEADER,
        row(A),
        row(B, status="吊销，未注销", established_on="2015年3月2日"),
        encoding=encoding,
    )
    assert (status, err) == (0, "")
    assert out.startswith("2 rows written, 0 skipped")
    assert RegistryRecord.objects.get(pk=A).name == "云溪市示例科技有限公司"
    record = SnapshotRegistry().lookup(B)
    assert record is not None
    assert (record.status, record.established_on) == (Status.LICENCE_REVOKED, date(2015, 3, 2))


def test_a_file_with_a_broken_character_is_not_read_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_bytes((HEADER + "\n" + row(A) + "\n" + row(B) + "\n").encode() + b"\xff\xff,,\n")
    with pytest.raises(CommandError, match="neither UTF-8 nor GB18030"):
        call_command("import_registry", str(path))
    assert not RegistryRecord.objects.exists()


def test_again_is_the_same_as_once_and_later_overwrites(tmp_path: Path) -> None:
    imported(tmp_path, HEADER, row(A), row(B))
    before = list(RegistryRecord.objects.order_by("pk").values())
    imported(tmp_path, HEADER, row(A), row(B))
    assert list(RegistryRecord.objects.order_by("pk").values()) == before
    imported(tmp_path, HEADER, row(A, status="注销", as_of="2026-12-01"))
    assert RegistryRecord.objects.get(pk=A).status == Status.DEREGISTERED
    assert RegistryRecord.objects.count() == 2


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("2026-11-01", "2026-11-01", "新名称"),
        ("2026-11-01", "2026-11-02", "新名称"),
        ("2026-11-02", "2026-11-01", "旧名称"),
    ],
)
def test_of_two_rows_for_one_code_the_newer_counts_and_of_two_of_a_day_the_later(
    tmp_path: Path, first: str, second: str, kept: str
) -> None:
    out, _, status = imported(
        tmp_path,
        HEADER,
        row(A, name="旧名称", as_of=first),
        row(B),
        row(A, name="新名称", as_of=second),
    )
    assert status == 0
    assert out.startswith("2 rows written") and "1 rows were left" in out
    assert RegistryRecord.objects.get(pk=A).name == kept


def nothing_newer_is_overwritten(path: Path) -> None:
    imported(path, HEADER, row(A, status="吊销"), row(B))
    out, _, status = imported(
        path,
        HEADER,
        row(A, as_of="2026-10-31"),
        row(B, status="注销", as_of="2026-11-02"),
        row(C, as_of="2025-01-01"),
    )
    assert status == 0
    assert out.startswith("2 rows written, 0 skipped") and "1 rows were left" in out
    assert dict(RegistryRecord.objects.values_list("pk", "status")) == {
        A: "licence_revoked",
        B: "deregistered",
        C: "active",
    }
    assert RegistryRecord.objects.get(pk=A).as_of == date(2026, 11, 1)


def further_columns_are_kept_where_an_export_lacks_them(path: Path) -> None:
    full = f"{HEADER},former_names,business_scope"
    imported(
        path,
        full,
        row(A) + ',旧名一有限公司；旧名二有限公司; ,"软件开发,\n广告设计\\N\t。"',
        row(B) + ",,",
    )
    imported(path, HEADER, row(A, name="新名称", as_of="2026-11-02"), row(C))
    record = SnapshotRegistry().lookup(A)
    assert record is not None
    assert (record.name, record.former_names) == ("新名称", ("旧名一有限公司", "旧名二有限公司"))
    assert record.business_scope == "软件开发, 广告设计\\N 。"
    for code in (B, C):
        stored = RegistryRecord.objects.get(pk=code)
        assert (stored.former_names, stored.business_scope) == ([], "")
    imported(path, full, row(A, as_of="2026-11-03") + ",,")
    assert RegistryRecord.objects.get(pk=A).former_names == [], (
        "an empty column means that there are none"
    )


BOTH_ENGINES = [nothing_newer_is_overwritten, further_columns_are_kept_where_an_export_lacks_them]


@pytest.mark.parametrize("it_is_so", BOTH_ENGINES)
def test_what_is_stored(tmp_path: Path, it_is_so: Callable[[Path], None]) -> None:
    it_is_so(tmp_path)


@pytest.mark.postgresql
@pytest.mark.parametrize("it_is_so", BOTH_ENGINES)
def test_what_is_stored_by_copy(tmp_path: Path, it_is_so: Callable[[Path], None]) -> None:
    it_is_so(tmp_path)
    RegistryRecord.objects.all().delete()
    test_every_usual_encoding(tmp_path, "utf-8")
    RegistryRecord.objects.all().delete()
    test_columns_stand_in_any_order_and_further_ones_are_ignored(tmp_path)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (row(A[:-1] + ("0" if A[-1] != "0" else "1")), "uscc: seen"),
        (row(B, name=" "), "name: seen '', expected a value"),
        (row(B, name="长" * 201), "name: seen '201 characters', expected at most 200"),
        (row(B, status=""), "status: seen '', expected a value"),
        (row(B, established_on="2015-02-30"), "established_on: seen '2015-02-30', expected a date"),
        (row(B, as_of=""), "as_of: seen '', expected a date"),
        (row(B).replace("example.com", "not a domain"), "email_domain: seen 'not a domain'"),
        (row(B).replace("否", "maybe"), "serious_violation_list: seen 'maybe'"),
        (f"{row(B)},{'长' * 201},", "former_names: seen '201 characters', expected at most 200"),
        (f"{B},short", "status: seen ''"),
        (f'{B},"{"x" * 11_000}",,,,,,,', "expected a row of CSV"),
    ],
)
def test_a_faulty_row_is_named_and_skipped(tmp_path: Path, bad: str, words: str) -> None:
    out, err, status = imported(
        tmp_path, f"{HEADER},former_names,business_scope", row(A), bad, row(C)
    )
    assert status == 1
    assert "line 3: " in err
    assert words in err
    assert out.startswith("2 rows written, 1 skipped")
    assert set(RegistryRecord.objects.values_list("pk", flat=True)) == {A, C}


def test_line_numbers_hold_after_a_value_of_two_lines(tmp_path: Path) -> None:
    _, err, _ = imported(
        tmp_path, HEADER, f'{A},"云溪市\n示例",柳青,存续,,,,,2026-11-01', row(B, status="")
    )
    assert "line 4: status" in err


def test_a_missing_column_stops_before_anything_is_written(tmp_path: Path) -> None:
    _, err, status = imported(tmp_path, HEADER.replace(",as_of", ""), row(A))
    assert status == 1
    assert err.startswith("line 1: missing as_of; seen uscc,")
    assert not RegistryRecord.objects.exists()


def test_columns_stand_in_any_order_and_further_ones_are_ignored(tmp_path: Path) -> None:
    imported(
        tmp_path,
        "note,as_of,uscc,name,status,legal_representative,established_on,email_domain,abnormal_list,serious_violation_list",
        f"x,2026/11/1,{A},名称,存续,柳青,,,是,0",
    )
    record = RegistryRecord.objects.get(pk=A)
    assert (record.as_of, record.abnormal_list, record.established_on) == (
        date(2026, 11, 1),
        True,
        None,
    )


def test_a_status_word_that_nobody_knows_is_no_earlier_active(tmp_path: Path) -> None:
    imported(tmp_path, HEADER, row(A))
    out, _, status = imported(tmp_path, HEADER, row(A, status="整顿"))
    record = SnapshotRegistry().lookup(A)
    assert status == 0
    assert "1 rows have an unknown status" in out
    assert record is not None
    assert record.status is Status.UNKNOWN


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.csv"
        with path.open("w", encoding="utf-8") as file:
            file.write(HEADER + "\n")
            file.writelines(row(make_uscc(1000 + number)) + "\n" for number in range(rows))
        tracemalloc.start()
        call_command("import_registry", str(path), stdout=io.StringIO())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)  # so that one-time loading does not count
    assert peak(20_000) < 1.5 * peak(10_000)
