"""Fictitious people: names, careers and contacts, combined from a seed.

Mail domains end in .example (RFC 2606). The region of an identity number begins with 99, which GB/T
2260 assigns to no place; its check digit is valid, so that redaction finds it. The employers and
schools do not exist.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from resumes.redaction.numbers import check_digit

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


class Contact(StrEnum):
    """Contact details that bypass the relay."""

    PHONE = "phone"
    EMAIL = "email"
    ID_NUMBER = "id_number"
    WECHAT = "wechat"
    QQ = "qq"


@dataclass(frozen=True)
class Job:
    """One position of a career, with what the person did there."""

    span: str
    place: str
    role: str
    deeds: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """A fictitious applicant, as described in the resume."""

    language: Language
    name: str
    sex: str
    born: str
    city: str
    wish: str
    contacts: dict[Contact, str]
    """As written: a phone number may have spaces, hyphens or a country code."""
    summary: str
    jobs: tuple[Job, ...]
    studies: tuple[tuple[str, str, str], ...]
    skills: tuple[str, ...]


_SURNAMES: Final = (
    ("林", "Lin"),
    ("沈", "Shen"),
    ("叶", "Ye"),
    ("温", "Wen"),
    ("江", "Jiang"),
    ("程", "Cheng"),
    ("陆", "Lu"),
    ("秦", "Qin"),
    ("方", "Fang"),
    ("田", "Tian"),
    ("何", "He"),
    ("白", "Bai"),
)
_GIVEN: Final = (
    ("知远", "Zhiyuan"),
    ("明月", "Mingyue"),
    ("听雨", "Tingyu"),
    ("思齐", "Siqi"),
    ("若水", "Ruoshui"),
    ("子安", "Zian"),
    ("文心", "Wenxin"),
    ("清扬", "Qingyang"),
    ("一鸣", "Yiming"),
    ("海若", "Hairuo"),
    ("晓晨", "Xiaochen"),
    ("云舒", "Yunshu"),
)
_CITIES: Final = (
    ("云溪市", "Yunxi"),
    ("望川市", "Wangchuan"),
    ("星野市", "Xingye"),
    ("听潮市", "Tingchao"),
    ("雾里市", "Wuli"),
)
_STREETS: Final = ("见山路", "听松街", "白杨大道", "折柳路", "星桥中路")
_SCHOOLS: Final = (
    ("云溪大学", "Yunxi University"),
    ("望川理工学院", "Wangchuan Institute of Technology"),
    ("星野师范大学", "Xingye Normal University"),
    ("听潮财经大学", "Tingchao University of Finance"),
)
_FIRMS: Final = (
    ("云帆网络科技有限公司", "Cloudsail Networks"),
    ("青禾供应链管理有限公司", "Greenstalk Supply Chain"),
    ("星桥智能制造有限公司", "Starbridge Machines"),
    ("白云湾商贸有限公司", "Cloud Bay Trading"),
    ("知行教育咨询有限公司", "Learn & Do Education"),
    ("远山医疗器械有限公司", "Farhill Medical"),
    ("听潮文化传媒有限公司", "Tidewater Media"),
    ("禾木建筑设计有限公司", "Hemu Architects"),
)
_ROLES: Final = (
    ("后端开发工程师", "Backend Engineer"),
    ("产品经理", "Product Manager"),
    ("财务主管", "Finance Lead"),
    ("采购专员", "Purchasing Officer"),
    ("质量工程师", "Quality Engineer"),
    ("人事经理", "HR Manager"),
    ("销售代表", "Sales Representative"),
    ("平面设计师", "Graphic Designer"),
    ("数据分析师", "Data Analyst"),
    ("仓储主管", "Warehouse Supervisor"),
    ("护士长", "Head Nurse"),
    ("机械设计师", "Mechanical Designer"),
)
_STUDIES: Final = (
    ("计算机科学与技术", "Computer Science"),
    ("会计学", "Accounting"),
    ("工商管理", "Business Administration"),
    ("机械工程", "Mechanical Engineering"),
    ("视觉传达设计", "Visual Design"),
    ("物流管理", "Logistics"),
    ("护理学", "Nursing"),
    ("统计学", "Statistics"),
)
_DEGREES: Final = (("本科", "BSc"), ("硕士", "MSc"), ("大专", "Diploma"))
_DEEDS: Final[dict[Language, tuple[str, ...]]] = {
    "zh": (
        "负责订单系统的重新设计与上线，高峰时每秒处理请求 {n} 次，故障时间比上一年减少 {p}%。",
        "带领 {m} 人的小组，按季度制定目标，连续 {k} 个季度按时完成并通过验收。",
        "与 {n} 家供应商谈判新的付款条件，全年节约采购成本约 {p} 万元。",
        "建立来料检验标准和不合格品处理流程，客户投诉率下降 {p}%。",
        "编写接口文档 {m} 份，培训新同事 {k} 批，平均上手时间由六周缩短到三周。",
        "负责月度结账、税务申报和年度审计配合，{k} 年内无一笔逾期。",
        "设计品牌手册与 {m} 套包装，其中 {k} 套获得行业展览奖项。",
        "用数据看板跟踪 {n} 个门店的库存，周转天数从 {p} 天降到二十天以内。",
        "组织校园招聘 {k} 场，收到简历 {n} 份，录用人员一年留存率达到 {p}%。",
        "主导老旧设备的节能改造，每年节电约 {n} 度，投资在十四个月内收回。",
        "参与急诊流程改进，病人平均等候时间缩短 {p} 分钟，护理差错连续 {k} 季度为零。",
        "维护重点客户 {m} 家，续约率保持在 {p}% 以上，新增年度合同额逾千万元。",
    ),
    "en": (
        (
            "Redesigned the order service, which now takes {n} requests a second at its peak with"
            " {p}% less downtime."
        ),
        (
            "Led a team of {m}; every one of {k} quarterly goals was delivered on time and accepted"
            " by the customer."
        ),
        (
            "Negotiated new terms with {n} suppliers and saved about {p} per cent of the yearly"
            " purchasing budget."
        ),
        "Set up incoming inspection and a process for rejected parts; complaints fell by {p}%.",
        (
            "Wrote {m} interface documents and trained {k} groups of newcomers, halving the time"
            " until they were productive."
        ),
        (
            "Closed the books each month, filed taxes and supported the audit; nothing was late in"
            " {k} years."
        ),
        "Designed a brand manual and {m} packages, {k} of which won prizes at trade fairs.",
        (
            "Followed the stock of {n} shops on one dashboard; turnover went from {p} days to fewer"
            " than twenty."
        ),
        (
            "Organised {k} campus events with {n} applications; {p}% of those hired were still"
            " there a year later."
        ),
        "Renewed old machines to save energy: {n} kWh a year, paid back within fourteen months.",
        "Kept {m} key accounts with a renewal rate above {p}% and won new yearly contracts.",
        (
            "Cut the average waiting time in the emergency ward by {p} minutes without a single"
            " error in {k} quarters."
        ),
    ),
}
_SUMMARIES: Final[dict[Language, tuple[str, ...]]] = {
    "zh": (
        (
            "做事认真，注重结果，善于与不同部门沟通。熟悉行业流程，能独立承担项目，"
            "也乐于把经验写下来分享给同事。"
        ),
        "多年一线经验，习惯用数字说话。遇到问题先找原因再动手，重视安全与质量，能适应出差与轮班。",
        "学习能力强，对新工具保持好奇。希望加入重视长期发展的团队，在岗位上持续成长并带出新人。",
    ),
    "en": (
        (
            "Careful and result-minded, used to working across departments. Runs projects alone and"
            " likes to write down what was learned."
        ),
        (
            "Years on the floor and a habit of letting numbers speak. Looks for the cause before"
            " acting; safety and quality come first."
        ),
        (
            "Learns quickly and stays curious about new tools. Looks for a team that plans for the"
            " long term and trains its newcomers."
        ),
    ),
}
_SKILLS: Final[dict[Language, tuple[str, ...]]] = {
    "zh": (
        "办公软件熟练",
        "英语六级",
        "数据库查询",
        "项目管理",
        "财务软件",
        "图形设计",
        "质量体系内审员",
        "机动车驾驶证 C1",
        "公开演讲",
        "数据可视化",
        "合同谈判",
        "仓储系统",
    ),
    "en": (
        "Spreadsheets",
        "SQL",
        "Project planning",
        "Public speaking",
        "Contract law basics",
        "CAD",
        "Driving licence",
        "Statistics",
        "Photography",
        "English C1",
        "Internal auditor",
        "Warehouse systems",
    ),
}


def id_number(rng: random.Random) -> str:
    """Return a fictitious identity number: region 99…, a date of birth, a sequence, and a valid
    check digit (GB 11643, MOD 11-2).
    """
    born = f"{rng.randrange(1970, 2004)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
    body = f"99{rng.randrange(10000):04}{born}{rng.randrange(1, 999):03}"
    return body + check_digit(body).upper()


def make_person(seed: int, language: Language) -> Person:
    """Return the person of `seed`, always the same."""
    rng = random.Random(f"person {seed} {language}")  # noqa: S311 -- made-up people, not secrets
    at: Literal[0, 1] = 0 if language == "zh" else 1
    surname, given = rng.choice(_SURNAMES), rng.choice(_GIVEN)
    roman = f"{given[1]}.{surname[1]}".lower()
    year = rng.randrange(1978, 2001)
    return Person(
        language=language,
        name=surname[0] + given[0] if language == "zh" else f"{given[1]} {surname[1]}",
        sex=rng.choice(("男", "女") if language == "zh" else ("Male", "Female")),
        born=f"{year} 年 {rng.randrange(1, 13)} 月" if language == "zh" else f"{year}",
        city=_address(rng, language),
        wish=rng.choice(_ROLES)[at],
        contacts=_contacts(rng, roman),
        summary=rng.choice(_SUMMARIES[language]),
        jobs=tuple(_jobs(rng, language, at)),
        studies=tuple(_studies(rng, year, at)),
        skills=tuple(rng.sample(_SKILLS[language], rng.randrange(5, 9))),
    )


def _address(rng: random.Random, language: Language) -> str:
    city = rng.choice(_CITIES)
    return (
        f"{city[0]}{rng.choice(_STREETS)} {rng.randrange(1, 300)} 号"
        if language == "zh"
        else f"{city[1]}, Lanchuan"
    )


def _contacts(rng: random.Random, roman: str) -> dict[Contact, str]:
    digits = f"1{rng.choice('3578')}{rng.randrange(10**9):09}"
    spaced = f"{digits[:3]} {digits[3:7]} {digits[7:]}"
    phone = rng.choice(
        (digits, spaced, spaced.replace(" ", "-"), f"+86 {spaced}", f"(+86){digits}")
    )
    found = {
        Contact.PHONE: phone,
        Contact.EMAIL: (
            f"{roman}{rng.randrange(10, 99)}@{rng.choice(('mail', 'post', 'work'))}.example"
        ),
    }
    if rng.random() < 0.6:
        found[Contact.WECHAT] = rng.choice(
            (digits, f"wx_{roman.replace('.', '')}{rng.randrange(100, 999)}")
        )
    if rng.random() < 0.4:
        found[Contact.QQ] = str(rng.randrange(10**7, 10**10))
    if rng.random() < 0.4:
        found[Contact.ID_NUMBER] = id_number(rng)
    return found


def _jobs(rng: random.Random, language: Language, at: Literal[0, 1]) -> list[Job]:
    year, jobs = 2026, []
    deeds = rng.sample(_DEEDS[language], len(_DEEDS[language]))
    for firm in rng.sample(_FIRMS, rng.randrange(2, 5)):
        began = year - rng.randrange(1, 5)
        until = (
            ("至今" if language == "zh" else "now")
            if year == 2026
            else f"{year}.{rng.randrange(1, 13):02}"
        )
        told = [
            deeds.pop().format(
                n=rng.randrange(20, 9000),
                p=rng.randrange(12, 95),
                m=rng.randrange(3, 40),
                k=rng.randrange(2, 9),
            )
            for _ in range(min(len(deeds), rng.randrange(3, 5)))
        ]
        jobs.append(
            Job(
                f"{began}.{rng.randrange(1, 13):02}–{until}",
                firm[at],
                rng.choice(_ROLES)[at],
                tuple(told),
            )
        )
        year = began
    return jobs


def _studies(rng: random.Random, year: int, at: Literal[0, 1]) -> list[tuple[str, str, str]]:
    began = year + 18
    return [
        (
            f"{began + 4 * n}.09–{began + 4 * n + 4}.06",
            school[at],
            f"{rng.choice(_STUDIES)[at]} · {degree[at]}",
        )
        for n, (school, degree) in enumerate(
            zip(rng.sample(_SCHOOLS, rng.randrange(1, 3)), _DEGREES, strict=False)
        )
    ]
