"""Tests of the kind of employer that a licence suggests."""

from __future__ import annotations

import pytest

from tests.factories import make_uscc
from verification.intake.account_class_guess import guess_account_class


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("91", "云溪市示例科技有限公司", "direct_employer"),
        ("91", "云溪市示例人力资源有限公司", "commercial_agency"),
        ("92", "云溪市示例劳务服务部", "commercial_agency"),
        ("92", "云溪市示例小吃店", "direct_employer"),
        ("93", "云溪市示例种植专业合作社", "direct_employer"),
        ("12", "云溪市第一医院", "direct_employer"),
        ("12", "云溪市公共就业服务中心", "public_service"),
        ("11", "云溪市人力资源和社会保障局", "public_service"),
        ("51", "云溪市示例行业协会", "direct_employer"),
        ("53", "云溪市示例基金会", "direct_employer"),
    ],
)
def test_the_code_and_the_name_suggest_a_class(kind: str, name: str, expected: str) -> None:
    assert guess_account_class(make_uscc(kind=kind), name) == expected
