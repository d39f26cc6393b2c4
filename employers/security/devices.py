"""The browser and the device that a `User-Agent` header names, as codes and in words."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# Browsers also name those that they resemble, so the specific ones come first.
_BROWSERS: Final = (
    ("MicroMessenger", "wechat"),
    ("DingTalk", "dingtalk"),
    ("Lark/", "feishu"),
    ("QQBrowser", "qq"),
    ("HuaweiBrowser", "huawei"),
    ("MiuiBrowser", "xiaomi"),
    ("UCBrowser", "uc"),
    ("Edg", "edge"),
    ("OPR/", "opera"),
    ("Firefox", "firefox"),
    ("FxiOS", "firefox"),
    ("CriOS", "chrome"),
    ("Chrome", "chrome"),
    ("Safari", "safari"),
)
_SYSTEMS: Final = (
    ("OpenHarmony", "harmony"),
    ("HarmonyOS", "harmony"),
    ("iPhone", "iphone"),
    ("iPad", "ipad"),
    ("Android", "android"),
    ("Windows", "windows"),
    ("CrOS", "chromeos"),
    ("Mac OS X", "mac"),
    ("Linux", "linux"),
)
_NAMES: Final[dict[str, Any]] = {
    "wechat": _("WeChat"),
    "dingtalk": _("DingTalk"),
    "feishu": _("Feishu"),
    "qq": _("QQ Browser"),
    "huawei": _("Huawei Browser"),
    "xiaomi": _("Xiaomi Browser"),
    "uc": _("UC Browser"),
    "edge": "Edge",
    "opera": "Opera",
    "firefox": "Firefox",
    "chrome": "Chrome",
    "safari": "Safari",
    "harmony": _("HarmonyOS"),
    "iphone": "iPhone",
    "ipad": "iPad",
    "android": _("Android phone or tablet"),
    "windows": _("Windows computer"),
    "chromeos": "Chromebook",
    "mac": "Mac",
    "linux": _("Linux computer"),
}
PHONES: Final = ("harmony", "iphone", "ipad", "android")


def named_in(agent: str) -> tuple[str, str]:
    """Return the codes of the browser and of the system in `agent`, "" for an unknown one."""
    return tuple(  # type: ignore[return-value]
        next((code for mark, code in table if mark in agent), "") for table in (_BROWSERS, _SYSTEMS)
    )


def in_words(browser: str, system: str) -> str:
    """Return a device as its owner would call it: `Chrome, Windows computer`."""
    known = [str(_NAMES[code]) for code in (browser, system) if code in _NAMES]
    return gettext(", ").join(known) or gettext("Unknown device")
