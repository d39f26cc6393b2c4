"""Tests of the share of lost contact; without attempts it is None, not zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloads.rules.lost_contact import Tries

FEW = st.integers(0, 1000)


@pytest.mark.parametrize(
    ("tries", "share"),
    [
        (Tries(0, 0, 0, 0), None),
        (Tries(10, 0, 0, 0), 0.0),
        (Tries(8, 1, 1, 2), 0.4),
        (Tries(0, 0, 0, 3), 1.0),
        (Tries(4, 4, 0, 0), 1.0),
    ],
)
def test_the_share(tries: Tries, share: float | None) -> None:
    assert tries.share == share


@given(reached=FEW, ended=FEW, blocked=FEW, none=FEW)
def test_it_is_a_share_and_each_lost_try_raises_it(
    reached: int, ended: int, blocked: int, none: int
) -> None:
    tries = Tries(reached + ended + blocked, ended, blocked, none)
    more = Tries(tries.calls + 1, ended + 1, blocked, none)
    assert tries.lost <= tries.all and (tries.share is None) is (tries.all == 0)
    assert more.share is not None and more.share >= (tries.share or 0.0) and more.share <= 1
