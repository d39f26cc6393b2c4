"""Tests of look-alike names: imitations are recognised, and different honest names are not."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.specimens import company
from documents.specimens.company import Company
from verification.rules import name_lookalikes
from verification.rules.name_lookalikes import ALIKE, name_likeness, name_skeleton, similar_names

# --- The key --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("云溪市星桥网络科技有限公司", "星桥网络科技"),
        ("云溪市澜东区星桥网络科技股份有限公司", "星桥网络科技"),
        ("星桥（云溪）网络科技有限责任公司", "星桥网络科技"),
        ("北京星桥网络科技集团有限公司", "星桥网络科技"),
        ("星桥网络科技有限公司澜浦分公司", "星桥网络科技"),
        ("广西壮族自治区南宁市星桥贸易有限公司", "星桥贸易"),
        ("星 桥·網络", "星桥網络"),
        ("云溪一号投资中心（有限合伙）", "云溪一号投资中心"),
        ("云溪市林记面馆（个体工商户）", "林记面馆"),
        ("好市多超市有限公司", "好市多超市"),  # neither is a place
        ("星河社区服务有限公司", "星河社区服务"),
        ("永辉超市股份有限公司", "永辉超市"),
        ("北京北京公司", "北京"),  # two characters remain
        ("有限公司", "有限公司"),
        ("（个体工商户）", "个体工商户"),
        ("——（）", ""),
        ("", ""),
    ],
)
def test_what_is_left_of_a_name(name: str, key: str) -> None:
    assert name_skeleton(name) == key


@pytest.mark.parametrize(
    ("name", "imitation"),
    [
        ("云溪末来科技有限公司", "云溪未来科技有限公司"),
        ("云溪老干妈食品有限公司", "云溪老千妈食品有限公司"),
        ("云溪藤讯科技有限公司", "云溪腾迅科技有限公司"),
        ("ＡＢＣ科技", "ΑВС科技"),  # full-width Latin; Greek, Cyrillic, Cyrillic
        ("O2O 科技", "０Z〇科技"),
        ("人口科技", "⼊囗科技"),  # a radical, and a frame instead of 口
        ("工力科技", "エカ科技"),  # kana
    ],
)
def test_what_prints_alike_is_one(name: str, imitation: str) -> None:
    assert name != imitation and name_skeleton(name) == name_skeleton(imitation)
    assert name_likeness(name, imitation) == 1


def test_no_character_looks_like_two_others() -> None:
    groups = name_lookalikes._CONFUSED.split()
    assert all(len(group) > 1 for group in groups)
    assert len(set("".join(groups))) == len("".join(groups))


# --- Likeness -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "near"),
    [
        ("云溪市三只松鼠食品有限公司", "澜浦市三只松果食品有限公司", True),  # one of four
        ("云溪市蓝鲸座科技有限公司", "云溪市蓝鲸星科技有限公司", True),  # one of three
        ("云溪市拼多多网络有限公司", "云溪市多拼多网络有限公司", True),  # swapped
        ("云溪市星桥科技有限公司", "云溪市星桥云科技有限公司", True),  # one added
        ("云溪市星桥科技有限公司", "云溪市星桥网络科技有限公司", True),  # another line of business
        ("云溪市星桥科技有限公司", "云溪市星帆科技有限公司", False),  # one of two: thousands do
        (
            "云溪市星桥网络信息技术有限公司",
            "云溪市青禾网络信息技术有限公司",
            False,
        ),  # the longest part is shared by many
        ("云溪市阿里巴巴网络有限公司", "云溪市阿里妈妈网络有限公司", False),
        ("云溪市星桥科技有限公司", "", False),
        ("", "", False),
    ],
)
def test_worth_showing(a: str, b: str, near: bool) -> None:
    assert (name_likeness(a, b) >= ALIKE) is near
    assert bool(similar_names(a, [b])) is near


def test_the_nearest_comes_first() -> None:
    near, same, far = (
        "云溪市三只松果食品有限公司",
        "澜浦三只松鼠食品有限公司",
        "云溪市青禾食品有限公司",
    )
    found = similar_names("云溪市三只松鼠食品有限公司", [far, near, "三只松鼠食品"])
    assert [name for _, name in found] == ["三只松鼠食品", near]
    assert found[0][0] == 1 > found[1][0] >= ALIKE
    assert name_likeness("云溪市三只松鼠食品有限公司", same) < 1, (
        "a place that is not listed is known only by 市"
    )


def test_honest_names_are_rarely_near() -> None:
    """Invented companies with different trade names, in the same places and lines of business."""
    names = {Company.fictitious(seed).name for seed in range(120)}
    word = {
        name: next((word for word, _ in company._WORDS if word in name), name) for name in names
    }
    pairs = [(a, b) for a, b in combinations(sorted(word), 2) if word[a] != word[b]]
    assert sum(name_likeness(a, b) >= ALIKE for a, b in pairs) < len(pairs) / 1000


NAMES = st.text(
    "北京云溪星桥青禾末未干千市区省县科技网络有限公司集团（）()ＡA0O ", max_size=24
) | st.text(max_size=12)


@given(NAMES)
def test_the_key_of_a_key_is_itself(name: str) -> None:
    assert name_skeleton(name_skeleton(name)) == name_skeleton(name)


@given(
    NAMES,
    st.sampled_from(["有限公司", "有限责任公司", "股份有限公司"]),
    st.sampled_from(["北京", "上海市", "云溪市", "广东省深圳市"]),
)
def test_neither_place_nor_form_makes_another(name: str, form: str, place: str) -> None:
    bare = f"星桥{name}".replace("(", "").replace(")", "").replace("（", "").replace("）", "")
    assert name_skeleton(f"{place}{bare}{form}") == name_skeleton(bare)


@given(NAMES, NAMES)
def test_likeness(a: str, b: str) -> None:
    assert 0 <= name_likeness(a, b) <= 1 and name_likeness(a, b) == pytest.approx(
        name_likeness(b, a)
    )
    if name_skeleton(a) and name_skeleton(b):
        assert (name_likeness(a, b) == 1) is (name_skeleton(a) == name_skeleton(b))
