"""Tests that a saved reply is rendered completely in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.core.errors import Refused
from events.core.reasons import Text
from verification.reviewing.reply_templates import VARIABLES, Values, render_reply, template_problem

LICENCE, LETTER = Text("营业执照", "Business licence"), Text("委托书", "Letter of authorisation")
VALUES = Values("云溪示例科技有限公司", "91990101MA0000000X", (LICENCE, LETTER))
REPLY = Text("{company}（{uscc}）：请补正{items}。", "{company} ({uscc}): please mend {items}.")


def test_rendered_in_both_languages() -> None:
    assert render_reply(REPLY, VALUES) == Text(
        "云溪示例科技有限公司（91990101MA0000000X）：请补正营业执照、委托书。",
        "云溪示例科技有限公司 (91990101MA0000000X): please mend Business licence, Letter of"
        " authorisation.",
    )


@pytest.mark.parametrize("written", ["{company}", "{ company }", "｛company｝", "｛company}"])
def test_ways_to_write_a_variable(written: str) -> None:
    assert template_problem(written) is None
    assert render_reply(Text(written, ""), VALUES).zh == VALUES.company


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("您好，{name}", "{name}"),
        ("{Company}", "{Company}"),
        ("{}", "{}"),
        ("{appeal_days}", "{appeal_days}"),
        ("{company.__class__}", "{company.__class__}"),
        ("{company!r:>9}", "{company!r:>9}"),
        ("{0}", "{0}"),
        ("｛公司｝", "｛公司｝"),
        ("{company", "{company"),
        ("{company} 您好}", "}"),
        ("{{company}}", "{}"),
    ],
)
def test_a_variable_that_is_not_known(text: str, seen: str) -> None:
    refused = template_problem(text)
    assert refused is not None and (refused.code, refused.seen) == ("reply_variable_unknown", seen)
    assert refused.expected == "{company} {uscc} {items}"
    for reply in (Text(text, ""), Text("", text)):
        with pytest.raises(Refused, match="reply_variable_unknown"):
            render_reply(reply, VALUES)


@pytest.mark.parametrize(
    ("variable", "values"),
    [("items", Values("甲", "9")), ("company", Values(" ", "9")), ("uscc", Values("甲", ""))],
)
def test_no_reply_leaves_with_a_hole(variable: str, values: Values) -> None:
    with pytest.raises(Refused) as caught:
        render_reply(Text(f"请补正{{{variable}}}。", ""), values)
    assert (caught.value.code, caught.value.seen) == ("reply_value_missing", f"{{{variable}}}")
    assert render_reply(Text("谢谢。", "Thank you."), values) == Text("谢谢。", "Thank you."), (
        "an unused value may be missing"
    )


@given(st.text(max_size=60))
def test_any_text_is_a_reply_or_is_refused(text: str) -> None:
    refused = template_problem(text)
    if not set(text) & set("{}｛｝"):
        assert refused is None and render_reply(Text(text, text), VALUES) == Text(text, text)
    elif refused is not None:
        assert refused.seen and refused.seen[0] in "{}｛｝"


@given(
    st.lists(st.sampled_from([*(f"{{{name}}}" for name in VARIABLES), "请 ", "。"])),
    st.text(min_size=1).filter(str.strip),
)
def test_what_was_declared_is_never_read_for_variables(parts: list[str], company: str) -> None:
    values = Values(company, "{company}", (Text("{uscc}", "{uscc}"),))
    said = {"{company}": company.strip(), "{uscc}": "{company}", "{items}": "{uscc}"}
    assert render_reply(Text("".join(parts), ""), values).zh == "".join(
        said.get(part, part) for part in parts
    )
