"""Fictitious companies.

Places, streets and names are invented and combined by a seed. The region of the code begins with
99, a prefix that no place has in GB/T 2260, and mail domains end in .example (RFC 2606).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from documents import uscc

Kind = Literal["company", "individual", "cooperative"]
"""By the code's second character.

91 is a company, 92 an individual business (个体工商户), 93 a farmers' cooperative.
"""

PROVINCE: Final = "澜川省"
_CITIES: Final = (
    ("云溪市", "yunxi"),
    ("澜浦市", "lanpu"),
    ("望川市", "wangchuan"),
    ("雾屿市", "wuyu"),
    ("鹤汀市", "heting"),
    ("星野市", "xingye"),
    ("苇洲市", "weizhou"),
    ("青榆市", "qingyu"),
    ("白鹭湾市", "bailuwan"),
    ("听潮市", "tingchao"),
)
_DISTRICTS: Final = (
    "澜东区",
    "澜西区",
    "月湖区",
    "松影区",
    "望舒区",
    "石桥新区",
    "芦汀区",
    "高新区",
)
_STREETS: Final = (
    "问渠路",
    "拾光大道",
    "见山路",
    "听松街",
    "白榆路",
    "未央东路",
    "渡口街",
    "折柳路",
    "星桥中路",
    "半夏路",
)
_BUILDINGS: Final = (
    "云帆大厦",
    "知行中心",
    "星桥产业园",
    "拾里广场",
    "青禾创业园",
    "望川国际",
    "松影商务楼",
)
_WORDS: Final = (
    ("星桥", "xingqiao"),
    ("青禾", "qinghe"),
    ("拾光", "shiguang"),
    ("白榆", "baiyu"),
    ("云帆", "yunfan"),
    ("鹿鸣", "luming"),
    ("知微", "zhiwei"),
    ("望舒", "wangshu"),
    ("明川", "mingchuan"),
    ("若木", "ruomu"),
    ("澄怀", "chenghuai"),
    ("砚田", "yantian"),
    ("启衡", "qiheng"),
    ("远岫", "yuanxiu"),
    ("沐野", "muye"),
    ("翎羽", "lingyu"),
    ("朗润", "langrun"),
    ("钧陶", "juntao"),
    ("禾木", "hemu"),
    ("蓝鲸座", "lanjingzuo"),
    ("北辰星", "beichenxing"),
    ("三叶草原", "sanyecaoyuan"),
)
_SURNAMES: Final = (
    "林",
    "沈",
    "顾",
    "叶",
    "温",
    "苏",
    "江",
    "柳",
    "程",
    "陆",
    "秦",
    "贺",
    "邱",
    "黎",
    "欧阳",
    "司徒",
    "闻人",
    "令狐",
)
_GIVEN: Final = (
    "知白", "望舒", "听澜", "若木", "见山", "问渠", "怀瑾", "行简", "既明", "未央", "牧之", "砚秋", "星野", "疏桐", "照临",
    "凛", "樾", "岫", "澈", "翊", "泠", "旻", "昇",
)  # fmt: skip
_LICENSED: Final = "（依法须经批准的项目，经相关部门批准后方可开展经营活动）"
_TRADES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "网络科技",
        (
            "网络技术开发",
            "软件开发",
            "信息系统集成服务",
            "数据处理和存储服务",
            "计算机软硬件及辅助设备销售",
            "互联网信息服务",
            "广告设计、制作、代理、发布",
            "企业管理咨询",
            "会议及展览服务",
            "第二类增值电信业务",
        ),
    ),
    (
        "智能科技",
        (
            "智能机器人的研发",
            "人工智能应用软件开发",
            "工业自动控制系统装置制造",
            "物联网技术服务",
            "电子元器件销售",
            "货物进出口",
            "技术服务、技术开发、技术咨询、技术交流、技术转让、技术推广",
        ),
    ),
    (
        "机械制造",
        (
            "通用设备制造（不含特种设备制造）",
            "机械零部件加工、销售",
            "模具制造",
            "金属材料销售",
            "五金产品批发",
            "机电设备安装、维修",
            "从事货物及技术的进出口业务",
        ),
    ),
    (
        "文化传媒",
        (
            "组织文化艺术交流活动",
            "影视策划",
            "摄影摄像服务",
            "图文设计、制作",
            "舞台艺术造型策划",
            "礼仪庆典服务",
            "文具用品、工艺品零售",
        ),
    ),
    (
        "餐饮管理",
        (
            "餐饮企业管理",
            "餐饮服务",
            "食品经营（销售预包装食品）",
            "厨房设备、日用百货销售",
            "外卖递送服务",
            "品牌策划",
        ),
    ),
    (
        "供应链管理",
        (
            "供应链管理服务",
            "国内货物运输代理",
            "普通货物仓储服务（不含危险化学品等需许可审批的项目）",
            "装卸搬运",
            "道路货物运输（不含危险货物）",
            "包装服务",
            "橡胶制品、塑料制品、纸制品销售",
        ),
    ),
    (
        "建筑工程",
        (
            "房屋建筑工程施工",
            "市政公用工程、园林绿化工程设计、施工",
            "室内外装饰装修",
            "建筑材料、装饰材料销售",
            "建筑劳务分包",
            "工程造价咨询",
        ),
    ),
    (
        "医疗器械",
        (
            "第一类医疗器械生产、销售",
            "第二类医疗器械销售",
            "第三类医疗器械经营",
            "医疗设备租赁",
            "健康咨询服务（不含诊疗服务）",
            "消毒用品销售",
        ),
    ),
    (
        "教育咨询",
        (
            "教育信息咨询（不含涉许可审批的教育培训活动）",
            "组织文化交流活动",
            "图书、文具、体育用品零售",
            "教学设备研发",
            "翻译服务",
        ),
    ),
    (
        "新能源",
        (
            "太阳能发电技术服务",
            "储能设备、光伏设备及元器件销售",
            "充电桩安装、维护",
            "新能源汽车整车销售",
            "合同能源管理",
            "输配电及控制设备制造",
        ),
    ),
)
_SHOPS: Final = (
    ("面馆", ("小吃制售", "预包装食品零售")),
    ("五金经营部", ("五金交电、水暖器材、建筑材料零售", "管道设备维修")),
    ("理发店", ("理发服务", "日用百货零售")),
    ("花艺工作室", ("鲜花、绿植、工艺礼品零售", "婚庆礼仪服务")),
)
_COOPERATION: Final = (
    "组织采购、供应成员所需的生产资料；组织收购、销售成员生产的产品；引进新技术、"
    "新品种；开展技术培训、技术交流和信息咨询服务。"
)
_CROPS: Final = ("果蔬种植", "茶叶种植", "水产养殖", "食用菌种植")
_TYPES: Final = (
    "有限责任公司(自然人投资或控股)",
    "有限责任公司(自然人独资)",
    "其他有限责任公司",
    "有限责任公司",
    "有限责任公司(法人独资)",
    "有限责任公司(自然人投资或控股的法人独资)",
)
_SHARE_OF_LONG_SCOPES: Final = 0.3
"""The share of companies that list everything they might ever do, so that the print is small."""
_AMOUNTS: Final = (
    (50, "伍拾"),
    (100, "壹佰"),
    (200, "贰佰"),
    (500, "伍佰"),
    (600, "陆佰"),
    (1000, "壹仟"),
    (1280, "壹仟贰佰捌拾"),
    (3000, "叁仟"),
    (5000, "伍仟"),
    (10800, "壹亿零捌佰"),
)
_FIRST: Final = date(1998, 1, 5)
"""The earliest day of establishment."""
_LAST: Final = date(2018, 6, 29)
"""The latest such day. The older form was still in use, so every company can be shown on either."""
_LETTERED_FROM: Final = date(2015, 10, 1)
"""From this day on, new organisation codes begin with MA."""


@dataclass(frozen=True)
class Company:
    """A registered body, as the registry has it. Texts are as printed on a licence."""

    uscc: str
    name: str
    type: str
    legal_representative: str
    """For an individual business, the operator (经营者)."""
    registered_capital: str
    """Empty for an individual business; the members' contributions for a cooperative."""
    established_on: date
    term: str
    address: str
    business_scope: str
    registration_authority: str
    domain: str
    """For email; under .example, so that nothing sent there is delivered."""
    status: str = "active"

    @property
    def kind(self) -> Kind:
        """From the code; anything but 92 and 93 counts as a company."""
        if self.uscc.startswith("92"):
            return "individual"
        return "cooperative" if self.uscc.startswith("93") else "company"

    @classmethod
    def fictitious(cls, seed: int, kind: Kind | None = None) -> Company:
        """Return the company of `seed` (any integer), always the same one.

        Without `kind`, seeds ending in 8 give an individual business, in 9 a cooperative, all
        others a company.
        """
        if kind is None:
            kind = (
                "individual" if seed % 10 == 8 else "cooperative" if seed % 10 == 9 else "company"
            )
        rng = random.Random(f"company {seed} {kind}")  # noqa: S311 (nothing here is secret)
        city_index = rng.randrange(len(_CITIES))
        city, city_latin = _CITIES[city_index]
        district = rng.randrange(len(_DISTRICTS))
        word, word_latin = rng.choice(_WORDS)
        established_on = _FIRST + timedelta(days=rng.randrange((_LAST - _FIRST).days + 1))
        name, type_, scope = _trade(rng, kind, city, word)
        return cls(
            uscc=_code(rng, kind, f"99{city_index + 1:02}{district + 1:02}", established_on),
            name=name,
            type=type_,
            legal_representative=rng.choice(_SURNAMES) + rng.choice(_GIVEN),
            registered_capital="" if kind == "individual" else _capital(rng),
            established_on=established_on,
            term=_term(rng, established_on),
            address=_address(rng, city + _DISTRICTS[district]),
            business_scope=scope,
            registration_authority=(
                f"{city}{_DISTRICTS[district] if rng.random() < 0.4 else ''}市场监督管理局"
            ),
            domain=f"{word_latin}-{city_latin}-{abs(seed)}.example",
        )


def chinese_date(day: date) -> str:
    """Return a day as licences print it: 2015年01月09日."""
    return f"{day.year}年{day.month:02}月{day.day:02}日"


def _code(rng: random.Random, kind: Kind, region: str, established_on: date) -> str:
    """Return a valid code with a region that does not exist.

    Its organisation code has its own right check character.
    """
    if established_on >= _LETTERED_FROM:
        body = "MA" + "".join(rng.choice(uscc.ALPHABET) for _ in range(6))
    else:
        body = f"{rng.randrange(10**8):08}"
    first17 = (
        {"company": "91", "individual": "92", "cooperative": "93"}[kind]
        + region
        + body
        + uscc.organisation_check_character(body)
    )
    return first17 + uscc.check_character(first17)


def _trade(rng: random.Random, kind: Kind, city: str, word: str) -> tuple[str, str, str]:
    """Return name, type and scope of business."""
    if kind == "individual":
        shop, wares = rng.choice(_SHOPS)
        return f"{city}{word}{shop}", "个体工商户", "、".join(wares) + "。" + _LICENSED
    if kind == "cooperative":
        crop = rng.choice(_CROPS)
        return (
            f"{city}{word}{crop}专业合作社",
            "农民专业合作社",
            f"{crop}；{_COOPERATION}{_LICENSED}",
        )
    trade, items = rng.choice(_TRADES)
    chosen = rng.sample(items, rng.randint(3, len(items)))
    if rng.random() < _SHARE_OF_LONG_SCOPES:
        more = [
            item for _, others in rng.sample(_TRADES, 3) for item in others if item not in items
        ]
        chosen += rng.sample(more, rng.randint(8, min(14, len(more))))
    scope = rng.choice(("；", "；", "，")).join(chosen) + "。" + _LICENSED
    if rng.random() < 0.1:
        return f"{city}{word}{trade}股份有限公司", "股份有限公司(非上市、自然人投资或控股)", scope
    short = city.removesuffix("市")
    name = rng.choice(
        (
            f"{city}{word}{trade}有限公司",
            f"{short}{word}{trade}有限公司",
            f"{word}（{short}）{trade}有限责任公司",
        )
    )
    return name, rng.choice(_TYPES), scope


def _capital(rng: random.Random) -> str:
    number, capitals = rng.choice(_AMOUNTS)
    in_words = (f"{capitals}万元整", f"{capitals}万圆整", f"人民币{capitals}万元整")
    return rng.choice((*in_words, f"{number}万元整", f"{number}万人民币", f"{number}万元人民币"))


def _term(rng: random.Random, established_on: date) -> str:
    """Return a term that has not ended: open, or 30 or 50 years that end far in the future."""
    start = chinese_date(established_on)
    years = 30 if established_on.year >= 2010 else 50
    leap_day = (established_on.month, established_on.day) == (2, 29)
    end = established_on.replace(
        year=established_on.year + years, day=28 if leap_day else established_on.day
    ) - timedelta(days=1)
    return rng.choice(
        (
            "长期",
            f"{start}至长期",
            f"{start} 至 长期",
            f"{start}至{chinese_date(end)}",
            f"{start} 至 {chinese_date(end)}",
        )
    )


def _address(rng: random.Random, area: str) -> str:
    street = f"{rng.choice(_STREETS)}{rng.randint(1, 999)}号"
    room = f"{rng.randint(1, 28)}{rng.randint(1, 24):02}"
    building = rng.choice(_BUILDINGS)
    inside = rng.choice(
        (
            "{block}幢{room}室",
            "{building}{room}室",
            "{building}{wing}座{room}-{room}A",
            "",
            "{wing}号楼{room}室",
        )
    )
    return (
        rng.choice(("", "", PROVINCE))
        + area
        + street
        + inside.format(
            block=rng.randint(1, 30), room=room, building=building, wing=rng.choice("ABC")
        )
    )
