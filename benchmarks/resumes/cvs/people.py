"""Fictitious people, and the contact lines that they write into their resumes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

from resumes.specimens import id_number

WIDE: Final = "０１２３４５６７８９"
CHINESE: Final = "零一二三四五六七八九"


@dataclass
class Person:
    """A fictitious person, and the text of their resume."""

    chinese: bool
    name: str
    phone: str
    email: str
    wechat: str
    qq: str
    identity: str
    link: str
    lines: list[str] = field(default_factory=list)

    @property
    def planted(self) -> tuple[tuple[str, str], ...]:
        return (
            ("phone", self.phone),
            ("email", self.email),
            ("wechat", self.wechat),
            ("qq", self.qq),
            ("id_number", self.identity),
            ("link", self.link),
        )


_FAMILY: Final = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英"
_LATIN: Final = (
    "Morgan",
    "Avery",
    "Quinn",
    "Riley",
    "Hayden",
    "Rowan",
    "Emery",
    "Sawyer",
    "Tatum",
    "Blake",
)
_LATIN_FAMILY: Final = (
    "Whitlock",
    "Ferrand",
    "Okoye",
    "Lindqvist",
    "Castell",
    "Novak",
    "Hargreave",
    "Ibarra",
    "Sorel",
    "Thorne",
)
_WORDS: Final = (
    "lumen",
    "harbor",
    "falcon",
    "cedar",
    "orbit",
    "pixel",
    "saffron",
    "tundra",
    "basalt",
    "willow",
    "ember",
    "cobalt",
)
_HOSTS: Final = (
    "qq.com",
    "163.com",
    "gmail.com",
    "outlook.com",
    "126.com",
    "foxmail.com",
    "sina.com",
)
_COMPANIES: Final = (
    "蓝鲸科技有限公司",
    "晨星网络股份有限公司",
    "北辰数据（南京）有限公司",
    "云岭物流集团",
    "恒川电子有限公司",
)
_ROLES: Final = (
    "后端工程师",
    "产品经理",
    "运营主管",
    "财务分析师",
    "人事专员",
    "测试工程师",
    "销售经理",
)
_DUTIES: Final = (
    "负责微信小程序与 QQ 音乐活动页的开发，日均请求 1200 万次，峰值 3.5 万 QPS",
    "带领 12 人团队，项目预算 3,600,000 元，成本下降 18.5%",
    "搭建数据平台，覆盖 31 个省市、4,200 家门店，准确率 99.95%",
    "使用 Node.js、ASP.NET、C++17、Python 3.11、MySQL 8.0 与 Redis 7.2",
    "2021年第三季度营收 13,800,000 元，同比增长 27%，客户数 15000",
    "负责微信支付与公众号运营，粉丝从 8000 增至 120000",
    "电话销售转化率由 2.1% 提升到 6.8%，人均产出 58000 元/月",
    "负责 GitHub Actions 流水线与 GitLab 迁移，构建时间由 25 分钟降到 4 分钟",
)
_DUTIES_EN: Final = (
    "Built the WeChat Mini Program and WeChat Pay flow, 12 million requests a day at 3.5k QPS",
    "Led a team of 12 with a budget of 3,600,000 CNY and cut cost by 18.5%",
    "Ran a data platform for 4,200 stores in 31 provinces with 99.95% accuracy",
    "Node.js, ASP.NET, C++17, Python 3.11, MySQL 8.0, Redis 7.2, Socket.io",
    "Grew quarterly revenue from 1.2M to 13.8M and 15000 customers in 2021",
    "Moved 120 repositories with GitHub Actions; builds went from 25 to 4 minutes",
    "Engineer at Booking.com partner program, mobile 2018 to 2020, 58000 users",
)


def person(rng: random.Random, chinese: bool) -> Person:
    word, other = rng.sample(_WORDS, 2)
    phone = "1" + rng.choice("3456789") + "".join(rng.choice("0123456789") for _ in range(9))
    identity = id_number(rng)
    born = identity[6:14]
    first = rng.randint(2008, 2014)
    years = [first, first + 4, first + 4 + rng.randint(1, 3), first + 10]
    made = Person(
        chinese,
        name=(
            rng.choice(_FAMILY) + rng.choice(_GIVEN) + rng.choice(_GIVEN)
            if chinese
            else f"{rng.choice(_LATIN)} {rng.choice(_LATIN_FAMILY)}"
        ),
        phone=phone,
        email=f"{word}.{other}{rng.randint(10, 999)}@{rng.choice(_HOSTS)}",
        wechat=f"{other}_{word[:3]}{rng.randint(1000, 99999)}",
        qq=str(rng.randint(10**8, 10**10 - 1)),
        identity=identity,
        link=f"linkedin.com/in/{word}-{other}-{rng.randint(1000, 9999)}",
    )
    if chinese:
        made.lines = [
            (
                f"求职意向：{rng.choice(_ROLES)} "
                f" 期望薪资：{rng.randint(12, 18) * 1000}-{rng.randint(20, 30) * 1000}元/月"
            ),
            f"出生年月：{born[:4]}.{born[4:6]}  身高 175cm  邮编 518057",
            f"{years[0]}.09-{years[1]}.06  华中理工学院  计算机科学与技术  本科  GPA 3.85/4.0",
            f"{years[1]}.07 - {years[2]}.03  {rng.choice(_COMPANIES)}  {rng.choice(_ROLES)}",
            *rng.sample(_DUTIES, 3),
            f"{years[2]}年4月至{years[3]}年12月  {rng.choice(_COMPANIES)}  {rng.choice(_ROLES)}",
            *rng.sample(_DUTIES, 4),
            (
                f"CET-6 {rng.randint(430, 620)} 分，ISO 9001:2015 内审员，证书编号"
                f" {rng.randint(2015, 2022)}{rng.randint(1000, 9999)}"
            ),
            f"项目编号 P{rng.randint(100, 999)}-{rng.randint(2015, 2022)}，三年一班第一名，二〇一八年获一等奖",  # noqa: E501
        ]
    else:
        made.lines = [
            (
                f"Objective: engineer, {rng.randint(12, 18) * 1000}-{rng.randint(20, 30) * 1000}"
                " CNY a month"
            ),
            f"Born {born[:4]}-{born[4:6]}-{born[6:]}, postcode 518057, 175 cm",
            f"{years[0]}.09-{years[1]}.06  Central Institute of Technology, BSc, GPA 3.85/4.0",
            f"{years[1]}/07 - {years[2]}/03  Blue Whale Software Ltd, developer",
            *rng.sample(_DUTIES_EN, 3),
            f"Apr {years[2]} - Dec {years[3]}  Northstar Data Inc, lead",
            *rng.sample(_DUTIES_EN, 4),
            (
                f"TOEFL {rng.randint(90, 118)}, ISO 9001:2015 auditor, certificate"
                f" {rng.randint(2015, 2022)}{rng.randint(1000, 9999)}"
            ),
        ]
    return made


def spelled(rng: random.Random, value: str, how: str) -> str:
    """Return a telephone number in a spelling that hides it from machines."""
    if how == "wide":
        return "".join(WIDE[int(c)] for c in value)
    if how == "chinese":
        return "".join(CHINESE[int(c)] for c in value)
    if how == "spaced":
        return " ".join(value)
    if how == "hyphens":
        return f"{value[:3]}-{value[3:7]}-{value[7:]}"
    if how == "groups":
        return f"{value[:3]} {value[3:7]} {value[7:]}"
    if how == "country":
        return f"+86 {value[:3]} {value[3:7]} {value[7:]}"
    if how == "mixed":
        at = rng.randrange(3, 8)
        return value[:at] + "".join(CHINESE[int(c)] for c in value[at:])
    return value


def veiled(rng: random.Random, email: str, how: str) -> str:
    """Return an email address in a spelling that hides it from machines."""
    name, host = email.split("@")
    if how == "chinese":
        return f"{name}艾特{host.replace('.', '点')}"
    if how == "spaced":
        return f"{name} @ {host.replace('.', ' . ')}"
    return f"{name}(at){host}" if how == "hyphens" else email


_LABELS: Final = (
    ("手机：", "电话：", "联系电话: ", "手机号码：", "Tel："),
    ("邮箱：", "Email: ", "电子邮箱：", ""),
    ("微信：", "微信号：", "VX: ", "V信："),
    ("QQ：", "QQ号：", "QQ "),
    ("身份证号：", "身份证：", ""),
    ("领英：", ""),
)
_LABELS_EN: Final = (
    ("Phone: ", "Mobile: ", "Tel ", "Cell: ", ""),
    ("Email: ", "Email ", ""),
    ("WeChat: ", "WeChat ID: "),
    ("QQ: ",),
    ("ID card: ", "ID No.: "),
    ("LinkedIn: ", ""),
)


def contact_lines(
    who: Person, rng: random.Random, how: str = ""
) -> tuple[list[str], tuple[str, ...]]:
    """Return lines with `who`'s contacts after their labels, and the values as written in them."""
    phone, email = spelled(rng, who.phone, how), veiled(rng, who.email, how)
    values = (phone, email, who.wechat, who.qq, who.identity, who.link)
    labels = tuple(rng.choice(each) for each in (_LABELS if who.chinese else _LABELS_EN))
    return [label + value for label, value in zip(labels, values, strict=True)], values
