"""Parts of the SVG pictures in the documentation, for light and dark mode.

Pictures are 640 units wide, so that their texts are readable on a phone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

WIDTH: Final = 640
CHARACTER: Final = 8.7
"""The width reserved per character of a chip's text."""
_LINE: Final = 22
_STYLE: Final = """
:root { --page: #fff; --band: #f1f5f3; --box: #fff; --line: #1f5f4f; --text: #17211d; --note: #4a5852; --yes: #e0f0e8; --no: #fbece7; --bad: #a2452f; }
@media (prefers-color-scheme: dark) {
  :root { --page: #10171a; --band: #182226; --box: #202c30; --line: #7fc4ae; --text: #eaf1ee; --note: #b3c2bc; --yes: #1c4436; --no: #4a271d; --bad: #eea58d; }
}
text { font-family: system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; font-size: 17px; fill: var(--note); }
.page { fill: var(--page); } .band { fill: var(--band); }
.box, .yes, .no { fill: var(--box); stroke: var(--line); stroke-width: 1.6; } .yes { fill: var(--yes); } .no { fill: var(--no); stroke: var(--bad); }
.title { font-size: 20px; font-weight: 600; fill: var(--text); } .chip { font-size: 16px; fill: var(--text); }
.middle { text-anchor: middle; } .halo { stroke: var(--page); stroke-width: 5; paint-order: stroke; stroke-linejoin: round; }
.arrow { fill: none; stroke: var(--line); stroke-width: 2; } .arrow.person { stroke-dasharray: 7 5; } .arrow.back { stroke: var(--bad); stroke-dasharray: 2 5; }
.head { fill: var(--line); }
"""  # noqa: E501
_HEAD: Final = (
    '<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
    'orient="auto-start-reverse"><path class="head" d="M0 0 10 5 0 10z"/></marker>'
)


def whole_picture(title: str, description: str, height: float, parts: Iterable[str]) -> str:
    """Return a whole picture, with title and description for screen readers."""
    lines = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:g}" '
        f'viewBox="0 0 {WIDTH} {height:g}" role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(description)}</desc>',
        f"<style>{_STYLE}</style>",
        f"<defs>{_HEAD}</defs>",
        f'<rect class="page" width="{WIDTH}" height="{height:g}" rx="12"/>',
        *parts,
        "</svg>",
    )
    return "\n".join(lines) + "\n"


def text_line(x: float, y: float, words: str, style: str = "") -> str:
    """Return a line of text that begins, or is centred, at `x` on the baseline `y`."""
    return f'<text x="{x:g}" y="{y:g}" class="{style}">{escape(words)}</text>'


def text_box(
    x: float, y: float, width: float, height: float, words: Sequence[str], style: str = "box"
) -> str:
    """Return a box with centred lines of text. The first is its title."""
    first = y + height / 2 + 7 - _LINE * (len(words) - 1) / 2
    lines = (
        text_line(x + width / 2, first + _LINE * row, line, "middle" if row else "middle title")
        for row, line in enumerate(words)
    )
    size = f'width="{width:g}" height="{height:g}"'
    return f'<rect class="{style}" x="{x:g}" y="{y:g}" {size} rx="10"/>' + "".join(lines)


def chip_rows(x: float, y: float, width: float, words: Iterable[str]) -> tuple[list[str], float]:
    """Return small boxes in rows, each as wide as its text, and the height of all rows."""
    parts, left, row, high = [], x, 0, 38
    for each in words:
        wide = min(width, len(each) * CHARACTER + 22)
        if left + wide > x + width and left > x:
            left, row = x, row + 1
        top = y + row * high
        parts.append(
            f'<rect class="box" x="{left:g}" y="{top:g}" width="{wide:g}" height="30" rx="8"/>'
            + text_line(left + wide / 2, top + 21, each, "middle chip")
        )
        left += wide + 10
    return parts, (row + 1) * high


def arrow_path(path: str, style: str = "") -> str:
    """Return an arrow along an SVG path."""
    return f'<path class="arrow {style}" d="{path}" marker-end="url(#head)"/>'
