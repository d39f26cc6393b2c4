"""Tests of job titles: those that people write are taken, and none can carry a thief's message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloads.rules.job_titles import LONGEST, checked_job_title
from events.core.errors import Refused

TAKEN = [
    "前端工程师",
    "前端 15000-20000元/月",
    "Java 10-15K·14薪",
    "2026届校招生（提前批）",
    "ASP.NET工程师",
    "Node.js 工程师",
    "前端Vue.js/Node.js 全栈",
    "QQ音乐产品经理",
    "微信小程序开发工程师",
    "公众号运营",
    "电话销售",
    "手机测试工程师",
    "前端（急招）8000-12000",
    "★急聘★ 店长",
    "【双休】行政专员",
    "微信运营 (V)",
    "24小时便利店店员",
    "C++/Qt 工程师",
    "GB/T 19001-2016 审核员",
    "ISO9001:2015 内审员",
    "7*24 运维",
    "C# / .NET Core 开发",
    "Sr. Front-end Engineer",
    "加工中心操作员",
    "参加微信小程序竞赛导师",
    "加油站加油员",
    "地推扫码员",
    "俄语翻译 Переводчик",
    "R&D Manager, APAC",
    "增加微信渠道运营",
    "Go/PHP/Python3.12 工程师",
    "电话客服，日结300",
    "加盟经理",
    "店长 8000~12000元",
    "仓管 5000 - 8000",
    "IATF16949:2016 体系工程师",
    "SAP MM/SD 顾问",
    "前端·Java·Go",
    "HTTP 网关开发",
    "Telegram 海外运营",
    "新媒体运营（抖音、小红书、微信公众号）",
    "销售代表 无责底薪6k-8k+提成",
    "焊工 6G 氩弧焊 2000-2500/天",
    "SRE/DevOps Engineer",
    ".NET高级工程师",
    "QA Engineer (m/f/d)",
]

REFUSED = [
    "加微信abc12345",
    "加微信",
    "加 V 详聊",
    "加V❤",
    "加我QQ",
    "加群领资料",
    "vx abc12345",
    "13812345678",
    "１３８１２３４５６７８",
    "1 3 8 1 2 3 4 5 6 7 8",
    "一三八一二三四五六七八",
    "①③⑧①②③④⑤⑥⑦⑧",
    "138零零零零0001",
    "l38l2345678",
    "QQ 12345678",
    "扣扣3344556677",
    "2851234567 前端",
    "二八五一二三四五六七",
    "138-1234-5678",
    "010-62345678",
    "1.3.8.1.2.3.4",
    "www.evil.cn",
    "evil.cn",
    "evil.top/x",
    "evil . cn",
    "evil点cn",
    "evil。com",
    "evil dot com",
    "ｅｖｉｌ．ｃｎ",
    "раураl.com",
    "еvil.сом",
    "xn--fiq228c.xn--fiqs8s",
    "资质.中国",
    "https://a.b",
    "bit.ly",
    "asp.net/login",
    "evil.com.js.cn",
    "nodе.js",
    "a@b.com",
    "abc＠qq",
    "Telegram: @abcde",
    "加vх abc",
    "wеchat 运营",
    "call me at noon",
    "私聊我",
    "前台 (联系VX同手机)",
    "主管 微信搜索hr小美",
    "客服 q.q.8.8.4.5.6.1",
    "公众号“求职直通车”回复1",
    "运营 whatsapp +86-138",
    "QQ群 1234 5678",
    "客服 8621 5678",
    "客服 8621-5678",
    "138123-45678",
    "13812-345678",
    "销售 1234 5678 90",
    "(1)3(8)12(3)4567(8)",
    "hr8888 微信同号",
    "微♥ hr8888",
    "薇:hr8888",
    "绿泡泡 hr8888",
    "加徵信 hr_boss",
    "telegram abc",
    "t点me/hr999",
    "t dot me/hr999",
    "bit。ly/abc",
    "abc点io",
    "abc·com",
    "www abc com",
    "http:\\\\a",
]


@pytest.mark.parametrize("title", TAKEN)
def test_titles_that_people_write_are_taken(title: str) -> None:
    assert checked_job_title(title) == title


@pytest.mark.parametrize("title", REFUSED)
def test_a_title_cannot_say_where_to_answer(title: str) -> None:
    for text in (title, f"前端工程师 {title}", f"急招（{title}）"):
        with pytest.raises(Refused, match="job_title_not_allowed") as refused:
            checked_job_title(text)
        assert refused.value.field == "job_title" and refused.value.seen
        assert refused.value.expected


@pytest.mark.parametrize(
    ("title", "seen"),
    [
        ("前端\n【银行】你的账户", "U+000A"),
        ("前端\t工程师", "U+0009"),
        ("前\u200b端", "U+200B"),
        ("\u202e前端", "U+202E"),
        ("前端\u2028工程师", "U+2028"),
        ("前端\x00", "U+0000"),
        ("前端\ue000", "U+E000"),
        ("前" * (LONGEST + 1), "61"),
    ],
)
def test_what_cannot_be_seen_or_is_too_long_is_named(title: str, seen: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_job_title(title)
    assert refused.value.seen == seen


def test_a_contact_is_shown_masked() -> None:
    with pytest.raises(Refused) as refused:
        checked_job_title("店长 13812345678")
    assert (refused.value.seen, refused.value.expected) == (
        "138****5678",
        "no contact details (phone)",
    )


def test_spaces_are_tidied_and_nothing_stays_nothing() -> None:
    assert checked_job_title("  前端   工程师 ") == "前端 工程师"
    assert checked_job_title("") == checked_job_title("  ") == ""


@given(st.text(max_size=80))
def test_what_is_taken_is_taken_again_and_fits(title: str) -> None:
    try:
        taken = checked_job_title(title)
    except Refused:
        return
    assert checked_job_title(taken) == taken and len(taken) <= LONGEST
