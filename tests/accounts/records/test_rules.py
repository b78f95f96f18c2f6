"""Words of the records."""

from accounts.records.rules import PlanSegment, choices


def test_choices_are_the_stored_word_and_the_word_for_people() -> None:
    assert choices(PlanSegment) == [
        ("self_serve", "self serve"),
        ("mid_market", "mid market"),
        ("enterprise", "enterprise"),
    ]
