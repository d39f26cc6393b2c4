"""Tests of the texts: their length, their parameters, and what providers require of them."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import call_command

from events.sms.texts import ONE_SEGMENT, TEXTS, Purpose, SmsText, count_segments

SIGN = "杭州某某网络科技"
SITE = "zhaopin.example.cn"
LANGUAGES = ("zh", "en")
ALL = [(text, language) for text in TEXTS.values() for language in LANGUAGES]
LONGEST = {
    "code": "123456",
    "minutes": "5",
    "status": "needs an answer now",
    "what": "你的密码已重设，其他设备已退出登录。",
    "path": "c/8aZkQ2hhXmnpq",
    "company": "深圳市某某某某计算机系统有限公司第一分公司",
    "number": "+86 170 0000 0000",
    "job": "高级前端开发工程师（React/Vue 方向，急招）",
}


def written(text: SmsText, language: str) -> str:
    params = text.filled({param.name: LONGEST[param.name] for param in text.params})
    return text.written(params, language, SIGN, SITE)


def named(case: object) -> str:
    return case.name if isinstance(case, SmsText) else str(case)


@pytest.mark.parametrize(("text", "language"), ALL, ids=named)
def test_a_text_stays_within_its_segments(text: SmsText, language: str) -> None:
    """Each segment costs. A code is one, and a notice two, with the longest values."""
    most = 1 if text.purpose is Purpose.VERIFICATION else 2
    assert count_segments(written(text, language)) <= most


@pytest.mark.parametrize(("text", "language"), ALL, ids=named)
def test_a_text_has_what_providers_require(text: SmsText, language: str) -> None:
    plain = text.text.in_(language)
    names = re.findall(r"\{(\w+)\}", plain)
    params = [param.name for param in text.params]
    assert sorted(set(names) - {"site"}) == sorted(params), "each once, and no other"
    assert [name for name in names if name != "site"] == params, "in the order of the table"
    assert len(names) == len(set(names)), "no variable twice"
    assert "}{" not in plain and not re.search(r"[【】\[\]★※→①]", plain)
    assert not re.search(r"\{site\}(?!/\{path\})", plain), "a link is the site's own"
    if text.purpose is Purpose.VERIFICATION:
        assert "验证码" in plain and len(text.sent_params) == 1


@pytest.mark.parametrize(
    ("length", "count"), [(0, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)]
)
def test_segments_are_counted_as_carriers_do(length: int, count: int) -> None:
    assert ONE_SEGMENT == 70 and count_segments("字" * length) == count


def test_a_character_outside_of_the_basic_plane_counts_twice() -> None:
    assert count_segments("𠮷" * 35) == 1 and count_segments("𠮷" * 36) == 2


TOLD = TEXTS["candidate_told"]


@pytest.mark.parametrize(
    ("company", "sent"),
    [
        ("北京某某科技有限公司", "北京某某科技有限公司"),
        ("深圳市某某某某计算机系统有限公司第一分公司", "深圳市某某某某计算机系统有限公司第一分…"),
        ("点http://evil.cn/x领奖", "点 evil cn/x领奖"),
        ("【银行】某某公司", "银行 某某公司"),
        ("某某\r\n公司\x00", "某某 公司"),
        ("${code}公司", "code 公司"),
        ("【】", "—"),
        ("★急招★某某公司🎉", "急招 某某公司"),
    ],
)
def test_a_companys_name_cannot_write_another_message(company: str, sent: str) -> None:
    filled = TOLD.filled({"company": company, "path": "s/x"})
    assert filled["company"] == sent and len(sent) <= 20


@pytest.mark.parametrize("path", ["", "/s/x", "s/x y", "s/x.cn", "s" * 25, "http://a", "s\n"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="candidate_told cannot have this path"):
        TOLD.filled({"company": "某某公司", "path": path})


def test_a_missing_or_another_parameter_is_refused() -> None:
    for params in ({"company": "某某"}, {"company": "a", "path": "c", "x": "y"}):
        with pytest.raises(ValueError, match="parameters of candidate_told"):
            TOLD.filled(params)


@pytest.mark.parametrize(
    ("provider", "line"),
    [("aliyun", "zh: 验证码：${code}，5 分钟内有效。"), ("tencent", "zh: {1}获得了你的简历。")],
)
def test_the_command_prints_what_to_submit(provider: str, line: str) -> None:
    said = io.StringIO()
    call_command("sms_texts", provider, stdout=said)
    assert line in said.getvalue()
    assert all(name in said.getvalue() for name in TEXTS)
