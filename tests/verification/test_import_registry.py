"""Does a register snapshot get in whole, and is each bad row named?"""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_uscc
from verification.models import RegistryRecord

pytestmark = pytest.mark.django_db

HEADER = "uscc,name,legal_representative,status,established_on,email_domain,abnormal_list,serious_violation_list,as_of"
ONE, TWO = make_uscc(11), make_uscc(12)


def load(path: Path, text: str, encoding: str = "utf-8") -> tuple[int, str, str]:
    """Exit status, output and errors of the command."""
    file, out, err = path / "r.csv", StringIO(), StringIO()
    file.write_text(text, encoding=encoding)
    try:
        call_command("import_registry", str(file), stdout=out, stderr=err)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_rows_in_each_encoding(encoding: str, tmp_path: Path) -> None:
    code, out, _ = load(tmp_path, f"{HEADER}\n{ONE},云溪市示例有限公司,林知白,吊销未注销,2020-01-02,@Shili.Example,是,0,2026-11-01\n", encoding)
    record = RegistryRecord.objects.get()
    assert code == 0 and out.startswith("1 imported, 0 refused")
    assert (record.uscc, record.name, record.status, record.email_domain, record.abnormal_list) == (ONE, "云溪市示例有限公司", "licence_revoked", "shili.example", True)


def test_again_is_the_same_and_later_rows_count(tmp_path: Path) -> None:
    text = f"{HEADER}\n{ONE},甲,,存续,,,,,2026-11-01\n{ONE},乙,,注销,,,,,2026-11-02\n"
    for _ in range(2):
        assert load(tmp_path, text)[0] == 0
    assert list(RegistryRecord.objects.values_list("name", "status")) == [("乙", "deregistered")]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("123,甲,,存续,,,,,2026-11-01", "uscc: seen '123'"),
        (f"{TWO},,,存续,,,,,2026-11-01", "name: seen nothing"),
        (f"{TWO},甲,,飞了,,,,,2026-11-01", "status: seen '飞了'"),
        (f"{TWO},甲,,存续,1/2/2020,,,,2026-11-01", "established_on: seen '1/2/2020'"),
        (f"{TWO},甲,,存续,,,perhaps,,2026-11-01", "abnormal_list: seen 'perhaps'"),
        (f"{TWO},甲,,存续,,,,,", "as_of: seen nothing"),
        (TWO, "name: seen nothing"),
    ],
)
def test_a_bad_row_is_named_and_the_others_get_in(row: str, complaint: str, tmp_path: Path) -> None:
    code, out, err = load(tmp_path, f"{HEADER}\n{row}\n{ONE},甲,,存续,,,,,2026-11-01\n")
    assert code == 1 and "1 imported, 1 refused" in out
    assert "line 2: " in err and complaint in err
    assert RegistryRecord.objects.get().uscc == ONE


def test_a_missing_column_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"Columns missing: as_of\. Seen: uscc, name"):
        load(tmp_path, HEADER.removesuffix(",as_of") + f"\n{ONE},甲,,存续,,,,\n")
    assert not RegistryRecord.objects.exists()


def test_no_such_file() -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("import_registry", "/nowhere.csv")
