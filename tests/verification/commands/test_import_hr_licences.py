"""Tests of importing a list of licensed agencies, and of reporting its faulty rows."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_uscc
from verification.management.commands.import_hr_licences import COLUMNS
from verification.models import HrLicenceRecord

pytestmark = pytest.mark.django_db

HEADER = ",".join(COLUMNS)
CODE = make_uscc(21)


def imported(path: Path, *lines: str) -> tuple[str, str, int]:
    path = path / "list.csv"
    path.write_text("\n".join(lines), encoding="gb18030")
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("import_hr_licences", str(path), stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), err.getvalue() + str(error), error.returncode
    return out.getvalue(), err.getvalue(), 0


def test_a_list_as_provinces_have_them(tmp_path: Path) -> None:
    out, err, status = imported(
        tmp_path,
        HEADER,
        "（澜）人服证字〔2023〕第0001123号,云溪市甲人力资源有限公司,,2028年5月9日,2026/11/1",
        f"990108230123,,{CODE},长期,2026-11-01",
    )
    assert (status, err) == (0, "") and out.startswith("2 rows written, 0 skipped")
    older, newer = (
        HrLicenceRecord.objects.get(name="云溪市甲人力资源有限公司"),
        HrLicenceRecord.objects.get(uscc=CODE),
    )
    assert (older.number, older.valid_until) == ("澜人服证字2023第0001123号", date(2028, 5, 9))
    assert (newer.number, newer.valid_until, newer.as_of) == (
        "990108230123",
        None,
        date(2026, 11, 1),
    )


def test_faulty_rows_are_named_and_newer_ones_stay(tmp_path: Path) -> None:
    imported(tmp_path, HEADER, f"990108230123,现名,{CODE},2028-05-09,2026-11-01")
    out, err, status = imported(
        tmp_path,
        HEADER,
        f"990108230123,旧名,{CODE},2028-05-09,2026-10-01",
        "1,,,2028-05-09,2026-11-01",
        ",甲,,,2026-11-01",
        "2,甲,91,2028-05-09,2026-11-01",
        "3,甲,,不详,2026-11-01",
    )
    assert status == 1 and "0 rows written, 4 skipped" in out and "1 rows were left" in out
    assert (
        "line 3: name: seen '', expected a name or a code" in err
        and "line 4: number: seen ''" in err
    )
    assert "line 5: uscc:" in err and "line 6: valid_until: seen '不详'" in err
    assert HrLicenceRecord.objects.get().name == "现名"
