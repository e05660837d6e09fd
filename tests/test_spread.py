from __future__ import annotations

from itertools import pairwise

import pytest

from groupcoach.spread import Spread


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 16, 17, 1000])
def test_values_are_spread_evenly_over_all_that_came(count: int) -> None:
    spread: Spread[int] = Spread(8)
    for k in range(count):
        spread.add(k)
    kept = spread.values
    assert len(kept) <= 8
    assert len(kept) >= min(count, 4)
    assert kept[:1] == list(range(min(count, 1)))
    steps = {after - before for before, after in pairwise(kept)}
    assert len(steps) <= 1  # as far from each other everywhere
    assert not kept or count - 1 - kept[-1] < max(steps, default=1)  # up to the newest
