"""Picks: the rows that a page shows."""

import numpy as np
import pytest

from app.results import picks
from app.results.comparison import Scores

LABELS = np.array([0, 1, 0, 1, 0])
SCORES = Scores(np.array([1.0, 9.0, 3.0, 2.0, 5.0]), np.array([4.0, 1.0, 3.0, 9.0, 5.5]), 4.0, 4.5, 3, 1)


def test_members_of_a_class_or_all() -> None:
    assert picks.members(LABELS, 0, 5).tolist() == [0, 2, 4]
    assert picks.members(LABELS, None, 5).tolist() == [0, 1, 2, 3, 4]
    assert picks.members(None, None, 3).tolist() == [0, 1, 2]


def test_present_classes() -> None:
    assert picks.present(np.array([4, 1, 4])) == [1, 4]


def test_a_seed_draws_the_same_rows_without_repetition() -> None:
    rows = np.arange(100)
    first = picks.draw(rows, 10, seed=3)
    assert first.tolist() == picks.draw(rows, 10, seed=3).tolist()
    assert first.tolist() != picks.draw(rows, 10, seed=4).tolist()
    assert len(set(first.tolist())) == 10
    assert sorted(picks.draw(rows[:3], 10, seed=0).tolist()) == [0, 1, 2]


@pytest.mark.parametrize(
    ("way", "expected"), [("model ahead", [3, 0]), ("PCA ahead", [1, 2]), ("largest error", [1, 4])]
)
def test_extreme(way: str, expected: list[int]) -> None:
    assert picks.extreme(np.arange(5), SCORES, way, 2).tolist() == expected


def test_rows_are_read_and_a_wrong_one_is_named() -> None:
    assert picks.parse("3, 1 4", 5).tolist() == [3, 1, 4]
    with pytest.raises(ValueError, match=r"^5 is not a row of these images: write numbers from 0 to 4\.$"):
        picks.parse("1 5", 5)
    with pytest.raises(ValueError, match="-1 is not a row"):
        picks.parse("-1", 5)


def test_another_number_is_never_the_same_one() -> None:
    assert {picks.another(2, 1, 3) for _ in range(100)} == {1, 3}
    assert picks.another(5, 5, 5) == 5
    assert 1 <= picks.another(9, 1, 3) <= 3, "what is out of range is left"
