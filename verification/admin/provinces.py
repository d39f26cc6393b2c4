"""Province names by the third and fourth character of a credit code (GB 32100, GB/T 2260)."""

from __future__ import annotations

from typing import Final

from events.core.reasons import Text

_NAMES: Final = """
    11 北京 Beijing · 12 天津 Tianjin · 13 河北 Hebei · 14 山西 Shanxi · 15 内蒙古 Inner Mongolia · 21 辽宁 Liaoning · 22 吉林 Jilin ·
    23 黑龙江 Heilongjiang · 31 上海 Shanghai · 32 江苏 Jiangsu · 33 浙江 Zhejiang · 34 安徽 Anhui · 35 福建 Fujian · 36 江西 Jiangxi ·
    37 山东 Shandong · 41 河南 Henan · 42 湖北 Hubei · 43 湖南 Hunan · 44 广东 Guangdong · 45 广西 Guangxi · 46 海南 Hainan ·
    50 重庆 Chongqing · 51 四川 Sichuan · 52 贵州 Guizhou · 53 云南 Yunnan · 54 西藏 Tibet · 61 陕西 Shaanxi · 62 甘肃 Gansu ·
    63 青海 Qinghai · 64 宁夏 Ningxia · 65 新疆 Xinjiang · 71 台湾 Taiwan · 81 香港 Hong Kong · 82 澳门 Macao · 10 国家 National
"""
NAMES: Final = {
    code: Text(zh, en)
    for code, zh, en in (entry.strip().split(" ", 2) for entry in _NAMES.split("·"))
}
"""Names by code; 10 is for bodies registered at national level."""


def province_name(code: str, language: str) -> str:
    """Return the province's name in `language`."""
    return NAMES.get(code, Text(f"其他地区 {code}", f"Other region {code}")).in_(language)


def of_uscc(uscc: str) -> str:
    """Return the code of the province of a credit code, or "" if it is unknown."""
    return uscc[2:4] if uscc[2:4] in NAMES else ""
