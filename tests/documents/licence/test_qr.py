"""Tests of the code in the QR code, which counts only if the QR code states it as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.licence.qr import is_an_issuers, leads_to, uscc_in
from documents.uscc import check_character

CODE = "91110108MA00000009"[:17]
CODE += check_character(CODE)
WRONG = CODE[:-1] + ("A" if CODE[-1] != "A" else "B")


@pytest.mark.parametrize(
    "payload",
    [
        f"http://www.gsxt.gov.cn/index.html?uniscid={CODE}",
        f"https://www.gsxt.gov.cn/index.html?a=1&uniscid={CODE.lower()}&b=2",
        f"https://gsxt.gov.cn/?uniscid={CODE}",
        f" http://bj.gsxt.gov.cn/index.html?uniscid={CODE}\n",
        f"名称：示例有限公司\n统一社会信用代码：{CODE}\n成立日期：",
        f"统一社会信用代码/注册号:{CODE}",
        f"社会信用代码 {CODE}",
    ],
)
def test_a_stated_code(payload: str) -> None:
    assert uscc_in(payload) == CODE


@pytest.mark.parametrize(
    "payload",
    [
        None,
        "",
        CODE,
        f"http://www.gsxt.gov.cn/{CODE}",
        f"http://www.gsxt.gov.cn/index.html?id={CODE}",
        f"http://www.gsxt.gov.cn.example.com/index.html?uniscid={CODE}",
        f"http://example.com/?u=gsxt.gov.cn&uniscid={CODE}",
        f"ftp://www.gsxt.gov.cn/?uniscid={CODE}",
        f"http://www.gsxt.gov.cn/index.html?uniscid={WRONG}",
        f"统一社会信用代码：{WRONG}",
        f"统一社会信用代码：{CODE}9",
        f"编号：{CODE}",
        # Anyone can own a host, and put any code in its address.
        f"http://evil.example/?统一社会信用代码:{CODE}",
        f"http://evil.example/ 统一社会信用代码:{CODE}",
        f"统一社会信用代码：{CODE} http://evil.example/",
        f"统一社会信用代码：{CODE}\nhttps://evil.example/",
        f"evil.example/?统一社会信用代码:{CODE}",
        f"www.evil.example?社会信用代码:{CODE}",
        f"weixin://dl/?统一社会信用代码:{CODE}",
        f"http://www.gsxt.gov.cn@evil.example/?uniscid={CODE}",
        f"http://evil.example\\@www.gsxt.gov.cn/?uniscid={CODE}",
        f"http://www.gsxt.gov.cn/?统一社会信用代码:{CODE}",
        "http://[www.gsxt.gov.cn/?uniscid=",
    ],
)
def test_no_stated_code(payload: str | None) -> None:
    assert uscc_in(payload) is None


@given(st.text(max_size=200))
def test_any_payload_is_survived(payload: str) -> None:
    assert uscc_in(payload) is None


@pytest.mark.parametrize(
    ("payload", "hosts"),
    [
        (None, []),
        (CODE, []),
        (f"名称：示例有限公司\n统一社会信用代码：{CODE}", []),
        (" HTTPS://Www.Gsxt.GOV.cn/ ", ["www.gsxt.gov.cn"]),
        ("http://zj.gsxt.gov.cn./x", ["zj.gsxt.gov.cn"]),
        ("www.gsxt.gov.cn", ["www.gsxt.gov.cn"]),
        ("evil.example/?a", ["evil.example"]),
        ("http://gsxt.gov.cn@evil.example/", ["evil.example"]),
        ("http:\\\\evil.example\\@gsxt.gov.cn", ["evil.example"]),
        (
            "查询：http://www.gsxt.gov.cn 或 http://evil.example",
            ["www.gsxt.gov.cn", "evil.example"],
        ),
        ("http://[::1", ["?"]),
        ("weixin://dl/business", ["dl"]),
    ],
)
def test_where_it_leads(payload: str | None, hosts: list[str]) -> None:
    assert leads_to(payload) == hosts


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("gsxt.gov.cn", True),
        ("zj.gsxt.gov.cn", True),
        ("evilgov.cn", False),
        ("gsxt.gov.cn.evil.example", False),
        ("?", False),
    ],
)
def test_whose_host(host: str, known: bool) -> None:
    assert is_an_issuers(host) is known
