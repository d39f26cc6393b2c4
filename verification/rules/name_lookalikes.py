"""Company names that imitate others.

A name consists of region, trade name (字号), line of business and legal form (企业名称登记管理规定,
article 6). Region and form are easy to vary and identify no one; an imitator copies the trade name.
`name_skeleton` reduces a name to what a reader notices, so that equal keys can be found by an index.
`name_likeness` measures how similar two different names are. Both are hints for a reviewer: honest
companies have similar names too, and no case is rejected for one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

ALIKE: Final = 0.65
"""Names of at least this likeness are worth showing: one of three or more characters differs, or
one character was added to two.
"""
_MARK_COUNTS: Final = 0.75
"""The weight of the trade names in the likeness."""
KEY_AT_MOST: Final = 64
"""Characters of a name's key that are stored."""
_LEAST: Final = 2
"""Characters that always remain: a trade name has at least two (article 8)."""

# Groups of characters that look alike in print; each is replaced by the first of its group. Latin,
# Cyrillic, Greek and kana follow Unicode UTS #39; the others are characters that are commonly
# confused in Chinese print.
_CONFUSED: Final = """
    OО〇○◯0Ο I1LІΙ丨 AАΑ BВΒ8 CС EЕΕ HНΗ KКΚ MМΜ NΝ PРΡ S5Ѕ TТΤ XХΧ YУΥ Z2Ζ
    口囗ロ 力カ刀刁 工エ 二ニ 夕タ 人入八ハ 卜ト 一ー
    己已巳 未末 土士 日曰 干千于 大太犬 天夭 戊戌戍 治冶 拆折 侯候 午牛 间问 白自 申由甲 王玉主 木本术 今令 兔免 鸟乌 帅师 竞竟 壁璧
    辨辩辫 梁粱 晴睛 赢嬴羸 茶荼 祟崇 栗粟 徒徙 宣宜 沫沬 汨汩 肓盲 刺剌 享亨 卯卵 凤风 密蜜 仑仓 沧沦 徽微 菱凌 博搏 讯迅汛 腾滕藤 万方
    旦且目 贝见 厂广 毛手 鱼渔 幸辛 杨扬 阳阴 很狠 弛驰 晓哓 拔拨 抢抡 传伟 儿几 弋戈 矢失 酒洒
"""
_SAME: Final = str.maketrans(
    {character: group[0] for group in _CONFUSED.split() for character in group[1:]}
)

_REGIONS: Final = """
    中国 北京 天津 上海 重庆 河北 山西 内蒙古 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 广西 海南 四川 贵州
    云南 西藏 陕西 甘肃 青海 宁夏 新疆 香港 澳门 台湾 石家庄 唐山 秦皇岛 邯郸 保定 沧州 廊坊 太原 大同 呼和浩特 包头 鄂尔多斯 沈阳 大连
    鞍山 长春 哈尔滨 大庆 南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州 宿迁 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州
    舟山 台州 丽水 合肥 芜湖 蚌埠 马鞍山 安庆 阜阳 福州 厦门 莆田 泉州 漳州 龙岩 宁德 南昌 九江 赣州 吉安 上饶 济南 青岛 淄博 烟台 潍坊
    济宁 威海 日照 临沂 德州 菏泽 郑州 开封 洛阳 新乡 许昌 南阳 商丘 武汉 黄石 宜昌 襄阳 荆州 长沙 株洲 湘潭 衡阳 岳阳 常德 郴州 广州
    韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 清远 东莞 中山 揭阳 南宁 柳州 桂林 北海 海口 三亚 成都 自贡 泸州 德阳 绵阳 乐山
    南充 宜宾 贵阳 遵义 昆明 曲靖 大理 拉萨 西安 咸阳 宝鸡 榆林 兰州 天水 西宁 银川 乌鲁木齐
"""
"""Provinces and larger cities, as names write them without 省 or 市. Other places are recognised by
that ending.
"""
_FORMS: Final = """
    股份有限公司 有限责任公司 有限公司 总公司 公司 集团 特殊普通合伙 普通合伙 有限合伙 合伙企业 个人独资企业 农民专业合作社 专业合作社
    合作社 个体工商户
"""
_TRADES: Final = """
    科技 技术 网络 信息 智能 数据 软件 电子 商务 文化 传媒 传播 广告 教育 咨询 管理 企业 服务 人力资源 劳务 派遣 餐饮 食品 贸易 商贸
    进出口 国际 实业 投资 控股 发展 建筑 工程 装饰 物流 供应链 机械 制造 设备 医药 医疗 生物 环保 能源 农业 旅游 酒店 物业 房地产 置业
    汽车 服饰 化工 材料 种植 养殖 果蔬 水产 新能源 器械 中心 商行 经营部 工作室
"""
"""Lines of business that thousands of names end with."""


def name_skeleton(name: str) -> str:
    """Reduce `name` to what a reader notices: without width, spaces, brackets, region and legal
    form, and with look-alike characters unified.

    Only for lookup and comparison; never shown. At least two characters remain if there were two;
    empty for a name without letters. Idempotent.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).upper())
    plain = re.sub(
        r"[(〔【\[][^()〔〕【】\[\]]*[)〕】\]]", "", folded
    )  # (北京), (集团), (有限合伙): a region or a form
    key = _letters(plain)
    return _bared(key if len(key) >= _LEAST else _letters(folded), _FORM, _REGION)


def lookalike_key(name: str) -> str:
    """The key for looking up a name's look-alikes."""
    return name_skeleton(name)[:KEY_AT_MOST]


def name_likeness(a: str, b: str) -> float:
    """How similar two names are, from 0 to 1: 1 if their skeletons are equal, 0 if one has no
    letters.

    The trade names weigh most, because the longest part of most names is a line of business that
    many share.
    """
    one, other = name_skeleton(a), name_skeleton(b)
    if not one or not other:
        return 0.0
    return _MARK_COUNTS * _near(_bared(one, _TRADE), _bared(other, _TRADE)) + (
        1 - _MARK_COUNTS
    ) * _near(one, other)


def similar_names(name: str, others: Iterable[str]) -> list[tuple[float, str]]:
    """Those of `others` that are similar enough to show beside `name`, with their likeness, the
    most similar first.
    """
    near = ((name_likeness(name, other), other) for other in others)
    return sorted((pair for pair in near if pair[0] >= ALIKE), key=lambda pair: (-pair[0], pair[1]))


def _letters(text: str) -> str:
    return "".join(character for character in text.translate(_SAME) if character.isalnum())


def _any_of(words: str) -> str:
    # Spelt as in a key. The longest first, so that 有限公司 does not leave 有限.
    return "|".join(
        sorted((re.escape(_letters(word)) for word in words.split()), key=len, reverse=True)
    )


# 超市 and 社区 do not end a place name.
_REGION: Final = re.compile(
    rf"^(?:(?:{_any_of(_REGIONS)})(?:省|市|特别行政区|\w{{0,3}}{_letters('自治区')})?"
    rf"|\w{{2,4}}?(?:省|(?<![超城都门集夜])市|{_letters('自治州')}|县)|\w{{2,4}}?(?<![社小园景校治])区)"
)
_FORM: Final = re.compile(
    rf"(?:(?:{_any_of('有限公司 有限责任公司')})\w{{2,10}}?分公司|{_any_of(_FORMS)})$"
)
_TRADE: Final = re.compile(rf"(?:{_any_of(_TRADES)})$")


def _bared(key: str, *parts: re.Pattern[str]) -> str:
    """Remove `parts` from `key` repeatedly, as long as enough remains."""
    return next((_bared(left, *parts) for left in _without(key, parts) if len(left) >= _LEAST), key)


def _without(key: str, parts: Iterable[re.Pattern[str]]) -> Iterator[str]:
    return (left for part in parts if (left := part.sub("", key)) != key)


def _near(a: str, b: str) -> float:
    """1 minus the share of characters to insert, delete, replace or swap with a neighbour (optimal
    string alignment).
    """
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row, earlier = row, [i], before
        for j, y in enumerate(b, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y)))
            if i > 1 < j and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], earlier[j - 2] + 1)
        before = above
    return 1 - row[-1] / max(len(a), len(b))
