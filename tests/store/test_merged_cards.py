"""Who was merged into somebody is erased with that person."""

from groupcoach.store.erase import merged_into


def test_cards_that_went_on_as_somebody_are_that_persons_unless_they_are_somebody_again() -> None:
    events = [
        {"type": "identity_merged", "person": 5, "merged": 7},
        {"type": "identity_merged", "person": 1, "merged": 5},
        {"type": "identity_merged", "person": 1, "merged": 8},
        {"type": "identity_merged", "person": 2, "merged": 9},
        {"type": "person_left", "person": 1},
    ]
    assert merged_into({1}, events, {1, 2, 8}) == {5, 7}, "8 was parted again and has a card of its own"
    assert merged_into({3}, events, {1, 2}) == set()
