"""Tests of finding contacts in a text: every kind is found, and nothing else is."""

from __future__ import annotations

import string
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resumes.redaction.contacts import KINDS, contacts_in
from resumes.redaction.digits import to_plain_text

FOUND: list[tuple[str, str, str]] = [
    # telephone numbers, as people write them
    ("phone", "13800138000", "13800138000"),
    ("phone", "138 0013 8000", "138 0013 8000"),
    ("phone", "138-0013-8000", "138-0013-8000"),
    ("phone", "138.0013.8000", "138.0013.8000"),
    ("phone", "138—0013—8000", "138—0013—8000"),
    ("phone", "手机:138 00138000", "138 00138000"),
    ("phone", "(+86) 138 0013 8000", "(+86) 138 0013 8000"),
    ("phone", "+86-13800138000", "+86-13800138000"),
    ("phone", "008613800138000", "008613800138000"),
    ("phone", "手机13800138000微信同号", "13800138000"),
    ("phone", "电话：021-5888 8888 转 801", "021-5888 8888 转 801"),
    ("phone", "0755-88345678-801", "0755-88345678-801"),
    ("phone", "(021) 5888 8888", "(021) 5888 8888"),
    ("phone", "400-810-1234", "400-810-1234"),
    ("phone", "Tel: 5888 8888", "5888 8888"),
    ("phone", "+1 (415) 555-2671", "+1 (415) 555-2671"),
    ("phone", "415-555-2671", "415-555-2671"),
    ("phone", "+852 9123 4567", "+852 9123 4567"),
    ("phone", "020 7946 0958", "020 7946 0958"),
    ("phone", "WhatsApp: +86 138 0013 8000", "+86 138 0013 8000"),
    ("phone", "微信/手机：13800138000", "13800138000"),
    ("phone", "期望薪资 20000-30000元 手机 13800138000", "13800138000"),
    ("phone", "2018.09-2022.06 13800138000", "13800138000"),
    # telephone numbers, hidden from machines
    ("phone", "１３８００１３８０００", "１３８００１３８０００"),
    ("phone", "1 3 8 0 0 1 3 8 0 0 0", "1 3 8 0 0 1 3 8 0 0 0"),
    ("phone", "一三八零零一三八零零零", "一三八零零一三八零零零"),
    ("phone", "幺三八〇〇一三八〇〇〇", "幺三八〇〇一三八〇〇〇"),
    ("phone", "壹叁捌零零壹叁捌零零零", "壹叁捌零零壹叁捌零零零"),
    ("phone", "138零零138零零零", "138零零138零零零"),
    ("phone", "①③⑧⓪⓪①③⑧⓪⓪⓪", "①③⑧⓪⓪①③⑧⓪⓪⓪"),
    ("phone", "1\u200b3800\u200b138000", "1\u200b3800\u200b138000"),
    ("phone", "l38OO138OOO", "l38OO138OOO"),
    (
        "phone",
        "one three eight zero zero one three eight zero zero zero",
        "one three eight zero zero one three eight zero zero zero",
    ),
    ("phone", "手机：138-0013-\n8000", "138-0013-\n8000"),
    ("phone", "1380013800025岁", "1380013800025"),
    ("phone", "2513800018000", "2513800018000"),
    ("phone", "电话：18321559248|电子版", "18321559248"),
    ("phone", "编号2513800018000号", "2513800018000"),
    ("phone", "138•0001•8000", "138•0001•8000"),
    ("phone", "138 ● 0001 ● 8000", "138 ● 0001 ● 8000"),
    ("phone", "138∙0001‧8000", "138∙0001‧8000"),
    ("phone", "138⋅0001・8000", "138⋅0001・8000"),
    ("phone", "138：0001：8000", "138：0001：8000"),
    ("phone", "138=0001=8000", "138=0001=8000"),
    ("phone", "138a0001b8000", "138a0001b8000"),
    ("phone", "138x0001x8000", "138x0001x8000"),
    ("phone", "138*0001*8000", "138*0001*8000"),
    ("phone", "138杠0001杠8000", "138杠0001杠8000"),
    ("phone", "1a3a8a0a0a1a3a8a0a0a1", "1a3a8a0a0a1a3a8a0a0a1"),
    ("phone", "(138)(0001)(8000)", "(138)(0001)(8000"),
    ("phone", "手机：138\n0001\n8000", "138\n0001\n8000"),
    ("phone", "1\n3\n8\n0\n0\n1\n3\n8\n0\n0\n1", "1\n3\n8\n0\n0\n1\n3\n8\n0\n0\n1"),
    ("phone", "么三八洞洞洞么八洞洞洞", "么三八洞洞洞么八洞洞洞"),
    ("phone", "幺三勾-洞洞两拐-八洞洞洞", "幺三勾-洞洞两拐-八洞洞洞"),
    ("phone", "13800138000人", "13800138000"),
    ("phone", "覆盖13800138000万", "13800138000"),
    ("phone", "13800138000次", "13800138000"),
    ("phone", "13800138000%", "13800138000"),
    ("phone", "13800138000 users", "13800138000"),
    ("phone", "营收 13800138000 元", "13800138000"),
    ("phone", "￥13800138000", "13800138000"),
    ("phone", "电话 88345678", "88345678"),
    ("phone", "手    机：5888 8888", "5888 8888"),
    # e-mail
    ("email", "Email zhangsan@qq.com", "zhangsan@qq.com"),
    ("email", "zhang.san_88@vip.163.com", "zhang.san_88@vip.163.com"),
    ("email", "san @ example . com", "san @ example . com"),
    ("email", "zhangsan(at)gmail.com", "zhangsan(at)gmail.com"),
    ("email", "zhangsan艾特qq点com", "zhangsan艾特qq点com"),
    ("email", "zhangsan at gmail dot com", "zhangsan at gmail dot com"),
    ("email", "zhangsan#163.com", "zhangsan#163.com"),
    ("email", "zhangsan [at] company [dot] com", "zhangsan [at] company [dot] com"),
    ("email", "z h a n g @ q q . c o m", "z h a n g @ q q . c o m"),
    ("email", "ｚｈａｎｇ＠１６３．ｃｏｍ", "ｚｈａｎｇ＠１６３．ｃｏｍ"),
    ("email", "zhangsan163.com", "zhangsan163.com"),
    ("email", "邮箱：zhangsan@\nqq.com", "zhangsan@\nqq.com"),
    # identity documents
    ("id_number", "11010519491231002X", "11010519491231002X"),
    ("id_number", "110105 19491231 002X", "110105 19491231 002X"),
    ("id_number", "身份证号：110105194912310021", "110105194912310021"),
    ("id_number", "110105491231002", "110105491231002"),
    ("id_number", "id99010519491231002Xok", "99010519491231002X"),
    ("id_number", "编号990105194912310023abc", "990105194912310023"),
    ("id_number", "990105/19491231/0023", "990105/19491231/0023"),
    ("id_number", "990105*19491231*0023", "990105*19491231*0023"),
    ("id_number", "990105.1949.12.31.0023", "990105.1949.12.31.0023"),
    ("id_number", "990105\t19491231\t0023", "990105\t19491231\t0023"),
    ("id_number", "00990105194912310023", "990105194912310023"),
    ("id_number", "身 份 证 号：990105/19491231/0021", "990105/19491231/0021"),
    ("id_number", "身  份  证：99010519****310021", "99010519****310021"),
    ("passport", "护照号码：E12345678", "E12345678"),
    ("passport", "Passport No.: G28233311", "G28233311"),
    # names at messengers
    ("wechat", "微信：zhangsan88", "zhangsan88"),
    ("wechat", "微信号 zhangsan_88", "zhangsan_88"),
    ("wechat", "WeChat ID: zhang-san", "zhang-san"),
    ("wechat", "VX:zs_1990", "zs_1990"),
    ("wechat", "V信 zs1990ab", "zs1990ab"),
    ("wechat", "微信\tzhangsan", "zhangsan"),
    ("wechat", "微信同号：zhangsan", "zhangsan"),
    ("wechat", "（微信）zhangsan_88", "zhangsan_88"),
    ("wechat", "wxid_abc123def456", "wxid_abc123def456"),
    ("phone", "微信号：13800138000", "13800138000"),
    ("wechat", "微信 - zhangsan", "zhangsan"),
    ("wechat", "微信|zhangsan", "zhangsan"),
    ("wechat", "微信 | zhangsan_88", "zhangsan_88"),
    ("wechat", "微信•zhangsan", "zhangsan"),
    ("wechat", "微信是：zhangsan", "zhangsan"),
    ("wechat", "VX-zhangsan", "zhangsan"),
    ("wechat", "V X：zhangsan", "zhangsan"),
    ("wechat", "微    信：zhangsan", "zhangsan"),
    ("wechat", "微\t信：zhangsan", "zhangsan"),
    ("wechat", "微 信 号：zhangsan", "zhangsan"),
    ("email", "邮    箱：zhangsan_88", "zhangsan_88"),
    ("qq", "Q Q：123456789", "123456789"),
    ("qq", "QQ：123456789", "123456789"),
    ("qq", "QQ 123456789", "123456789"),
    ("qq", "扣扣：123456789", "123456789"),
    ("handle", "Telegram: @zhangsan", "@zhangsan"),
    ("handle", "LINE ID: zhangsan.tw", "zhangsan.tw"),
    ("handle", "Skype: live:zhangsan", "live:zhangsan"),
    ("handle", "GitHub: zhangsan", "zhangsan"),
    # personal pages
    (
        "link",
        "https://www.linkedin.com/in/zhangsan-123",
        "https://www.linkedin.com/in/zhangsan-123",
    ),
    ("link", "linkedin.com/in/zhangsan", "linkedin.com/in/zhangsan"),
    ("link", "见 github.com/zhangsan。", "github.com/zhangsan"),
    ("link", "zhangsan.github.io", "zhangsan.github.io"),
    ("link", "个人主页：zhangsan.me", "zhangsan.me"),
    ("link", "www.zhangsan.com", "www.zhangsan.com"),
    ("link", "t.me/zhangsan", "t.me/zhangsan"),
]
LEFT = [
    "2018.09-2022.06",
    "2018/09/01 - 2020/12/31",
    "2018-2022",
    "1998.9-2005.12",
    "1999.10-2003.7",
    "2018年9月至2022年6月",
    "二〇一八年三年级一班 第一名",
    "一、二、三、四、五、六、七、八、九",
    "1995.03.07 身高 175cm 体重 65kg",
    "13000-18000元/月",
    "13000-180000元",
    "150000-200000",
    "15K-25K*14薪",
    "$150,000-$200,000",
    "营收 138 亿元",
    "日活 150 0000 0000",
    "手机 200000 台",
    "手机 1234567 台",
    "contact 100000 customers",
    "GitHub: 1200 stars",
    "抖音: 2000w",
    "@RequestMapping2 @MockBean @JUnit",
    "作品：app.vue",
    "WeChat | GitHub | Linux",
    "微信 • 抖音 • Photoshop",
    "wechat-based login, line-height, github-flavored",
    "150x2000x3000 mm, 150*2000*3000",
    "订单号 2019123456789",
    "2018\n2019\n2020\n150",
    "150\n200\n30000",
    "比例 300:200:1000",
    "什么两个怎么，空洞，拐角",
    "订单 990105\t20191231\t0025",
    "员工1,500人，营收13,800,000元",
    "1,380,013,800元",
    "用户 1380万",
    "邮编 518000",
    "GPA 3.85/4.0 排名 3/120",
    "150\t2000\t3000\t12",
    "2019 2020 2021 2022",
    "CET-6 580",
    "ISO 9001:2015",
    "IS0 9001:2015 内审员",
    "证书编号 20196481",
    "192.168.1.1",
    "版本 1.3.8.0",
    "C++11 2018-2020",
    "10:00-18:30",
    "Engineer at Booking.com 2018",
    "Node.js/React ASP.NET/C# Socket.io/Redis",
    "@Autowired @RequestMapping @angular/core @2x",
    "Email marketing, emailing 5000 customers",
    "微信小程序开发",
    "微信支付 APIv3",
    "微信公众号粉丝 120000",
    "公众号运营 10万+",
    "WeChat Mini Program, WeChat Pay",
    "WeChat Official Account operations",
    "China Mobile 2018.09-2020.06",
    "电话销售 2018.09-2022.06",
    "手机行业 5 年",
    "tel aviv 2019",
    "GitHub Actions, GitLab CI",
    "LINE Pay, Line 3: 2000",
    "signal processing",
    "QQ 音乐 2019",
    "负责 QQ 浏览器 10 个版本",
    "抖音运营 3 年",
]


@pytest.mark.parametrize(("kind", "text", "value"), FOUND)
def test_it_is_found_and_no_more_than_it(kind: str, text: str, value: str) -> None:
    (contact,) = contacts_in(text)
    assert (contact.kind, text[contact.start : contact.end]) == (kind, value)


@pytest.mark.parametrize("text", LEFT)
def test_it_is_left(text: str) -> None:
    assert contacts_in(text) == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+86 138 0013 8000", "138****8000"),
        ("一三八零零一三八零零零", "138****8000"),
        ("Tel: 5888 8888", "58****88"),
        ("zhangsan@qq.com", "z***@qq.com"),
        ("zhangsan@zhangsan88.com", "z***"),
        ("zhangsan@138.0001.8000.com", "z***"),
        ("11010519491231002X", "110************x"),
        ("微信：zhangsan88", "z***"),
        ("https://www.linkedin.com/in/zhangsan-123", "linkedin.com/***"),
        ("zhangsan.github.io", "github.io/***"),
        ("www.zhangsan.com", "***"),
    ],
)
def test_it_is_named_without_being_told(text: str, masked: str) -> None:
    assert [contact.masked for contact in contacts_in(text)] == [masked]


def test_several_in_a_line_are_found_one_by_one() -> None:
    text = "电话：13800138000 | 邮箱：zhangsan@qq.com | 微信：zhangsan_88 | QQ：123456789"
    assert [contact.kind for contact in contacts_in(text)] == ["phone", "email", "wechat", "qq"]


def test_an_address_ends_where_its_host_does() -> None:
    assert [contact.masked for contact in contacts_in("lisi@qq.com13800018000")] == [
        "l***@qq.com",
        "138****8000",
    ]


def test_two_numbers_are_two() -> None:
    assert [contact.masked for contact in contacts_in("13800138000/13900139000")] == [
        "138****8000",
        "139****9000",
    ]


HEAVY = {
    "letters": "a" * 20_000,
    "dots": "a." * 10_000,
    "hyphens": "a-" * 10_000,
    "signs": "a@" * 10_000,
    "letter by letter": "a " * 10_000,
    "digits": "1" * 20_000,
    "spaced digits": "1 " * 10_000,
    "numbers": "13800138000 " * 1_700,
    "amounts": "¥13800138000 " * 1_600,
    "identities": "11010519491231002X " * 1_050,
    "labels": "微信" * 10_000,
    "labels without end": "微信" + "号" * 20_000,
    "labels and labels": "微信/手机/QQ" * 2_500,
    "numerals": "一" * 20_000,
    "words": "one " * 5_000,
    "addresses": "https://a.com/" * 1_400,
    "slashes": "/" * 20_000,
    "lines": "138\n" * 5_000,
    "codes": "+86" * 6_600,
    "spaces in a label": "微" + " " * 20_000 + "信",
    "labels in pieces": "微      " * 2_800,
    "labels and signs": "微信 - " * 4_000,
    "digits far apart": "1  " * 6_600,
    "digits and letters": "1a" * 10_000,
    "digits and stars": "11010519491231*" * 1_300,
    "numerals said": "洞 " * 10_000,
    "hosts": "a@a.com1" * 2_500,
    "points of a host": "a@" + ".com" * 5_000,
}


@pytest.mark.parametrize("kind", HEAVY)
@pytest.mark.sampled(6)
def test_a_page_made_to_be_slow_is_not(kind: str) -> None:
    started = time.process_time()
    contacts_in(HEAVY[kind])
    assert time.process_time() - started < 3


# --- Arbitrary text -------------------------------------------------------------------------------

MOBILES = st.builds(
    lambda second, rest: f"1{second}{rest}",
    st.sampled_from("3456789"),
    st.text("0123456789", min_size=9, max_size=9),
).filter(lambda number: not number.endswith("0" * 8))
DIGITS = {
    "plain": "0123456789",
    "wide": "０１２３４５６７８９",
    "chinese": "零一二三四五六七八九",
    "circles": "⓪①②③④⑤⑥⑦⑧⑨",
}
BETWEEN = ["", " ", "-", ".", "  ", "—", " - "]
PROSE = "".join(
    chr(code)
    for code in range(0x4E00, 0x4F00)
    if not to_plain_text(chr(code)).text.isdigit() and chr(code) not in "一七三九五二八亿万"
)


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    at = 0
    for contact in contacts_in(text):
        assert at <= contact.start < contact.end <= len(text)
        assert contact.kind in KINDS
        at = contact.end


@given(st.text("0123456789 -./()+@\t\n零一电话微信号：:abQ", max_size=80))
def test_any_text_of_what_numbers_are_made_of_has_an_answer(text: str) -> None:
    contacts = contacts_in(text)
    assert all(before.end <= after.start for before, after in pairwise(contacts))


@given(
    MOBILES,
    st.sampled_from(list(DIGITS)),
    st.sampled_from([(11,), (3, 4, 4), (3, 3, 5), (4, 3, 4), (3, 8), (7, 4), (1,) * 11]),
    st.sampled_from(BETWEEN),
    st.text(PROSE, max_size=12),
    st.text(PROSE, max_size=12),
    st.sampled_from(["", "电话：", "手机 ", "Tel: ", "+86 ", "+86-"]),
)
def test_a_mobile_number_is_found_however_it_is_spelled(
    number: str,
    digits: str,
    groups: tuple[int, ...],
    between: str,
    before: str,
    after: str,
    label: str,
) -> None:
    spelled = number.translate({ord(str(n)): digit for n, digit in enumerate(DIGITS[digits])})
    parts, at = [], 0
    for size in groups:
        parts.append(spelled[at : at + size])
        at += size
    written = between.join(parts)
    text = f"{before} {label}{written} {after}"
    start = text.index(written, len(before) + 1 + len(label))
    assert any(
        contact.start <= start
        and start + len(written) <= contact.end
        and contact.kind in ("phone", "id_number")
        for contact in contacts_in(text)
    )


@given(
    st.text(string.ascii_lowercase, min_size=3, max_size=10),
    st.sampled_from(["qq.com", "163.com", "gmail.com", "example.com.cn", "company.io"]),
    st.sampled_from(["@", "＠", " @ ", "(at)", "[at]", "艾特"]),
    st.text(PROSE, max_size=12),
)
def test_an_address_is_found_however_it_is_spelled(
    name: str, host: str, sign: str, around: str
) -> None:
    text = f"{around} {name}{sign}{host} {around}"
    (contact,) = contacts_in(text)
    assert text[contact.start : contact.end] == f"{name}{sign}{host}"


@given(st.text(PROSE + "，。；“”（） \n", max_size=200))
def test_a_text_without_digits_signs_or_labels_is_never_touched(text: str) -> None:
    assert contacts_in(text) == []


@given(
    st.lists(
        st.tuples(
            st.integers(1980, 2026), st.integers(1, 12), st.integers(1980, 2026), st.integers(1, 12)
        ),
        min_size=1,
        max_size=6,
    )
)
def test_spans_of_months_are_never_touched(spans: list[tuple[int, int, int, int]]) -> None:
    for form in ("{}.{:02}-{}.{:02}", "{}/{:02} - {}/{:02}", "{}年{}月-{}年{}月", "{}.{}-{}.{}"):
        assert contacts_in("\n".join(form.format(*span) for span in spans)) == []
