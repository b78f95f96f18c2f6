"""Why an account came or went, as a table; and what each score means under its cut points."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.conditions.rules.reading import read_rule
from accounts.conditions.rules.vocabulary import base_vocabulary
from accounts.segments.bands import frequency_bands, money_bands, recency_bands
from accounts.segments.causes import told_of_account, what_changed
from tests.accounts.segments.standing import DAY, evidence, moved, stand
from tests.factories import MilestoneFactory, SegmentFactory

WORDS = base_vocabulary()
BUSY = {"op": "compare", "fact": "sign_ins_30", "is": ">=", "value": "20"}
FAN = {"op": "compare", "fact": "nps", "is": ">=", "value": "9"}
SOON = {"op": "compare", "fact": "renews_on", "is": "<", "value": "2026-12-31"}
T, F, U = True, False, None

CAUSES: list[tuple[str, dict[str, Any], list[Any], list[Any], dict[str, Any], dict[str, Any], list[str]]] = [
    ("became true", BUSY, [F], [T], {"sign_ins_30": 19}, {"sign_ins_30": 20}, ["Sign-ins is at least 20: 20, from 19"]),
    ("ceased", BUSY, [T], [F], {"sign_ins_30": 20}, {"sign_ins_30": 1},
     ["No longer Sign-ins is at least 20: 1, from 20"]),
    ("is not known now", FAN, [T], [U], {"nps": 9}, {}, ["No longer known: NPS is at least 9: unknown, from 9"]),
    ("a day", SOON, [F], [T], {"renews_on": "2027-01-01"}, {"renews_on": "2026-12-01"},
     ["Next renewal is before 31 Dec 2026: 1 Dec 2026, from 1 Jan 2027"]),
    ("only what changed", {"op": "and", "items": [BUSY, FAN]}, [F, T, F], [T, T, T], {"nps": 3}, {"nps": 10},
     ["NPS is at least 9: 10, from 3"]),
    ("what changed nothing is left out", {"op": "and", "items": [{"op": "or", "items": [BUSY, FAN]}, SOON]},
     [F, T, T, F, F], [T, T, F, T, T], {}, {"renews_on": "2026-12-01"},
     ["Next renewal is before 31 Dec 2026: 1 Dec 2026, from unknown"]),
    ("a window that ran out", {"op": "within", "days": 7, "item": BUSY}, [T, F], [F, F], {}, {},
     ["on one of the last 7 days: Sign-ins is at least 20"]),
    ("nothing at all", BUSY, [T], [T], {}, {}, []),
]  # fmt: skip


@pytest.mark.parametrize(("told", "rule", "before", "now", "facts_before", "facts", "expected"), CAUSES)
def test_what_moved_an_account(
    told: str,
    rule: dict[str, Any],
    before: list[Any],
    now: list[Any],
    facts_before: dict[str, Any],
    facts: dict[str, Any],
    expected: list[str],
) -> None:
    node = read_rule(rule, WORDS)
    assert what_changed(node, evidence(before, now, facts_before, facts), WORDS, "USD") == expected


@pytest.mark.parametrize("kept", [{}, evidence([True], [True, False], {}, {}), evidence([True], [False], {}, {})])
def test_evidence_of_another_rule_is_refused(kept: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="truths|zip"):
        what_changed(read_rule({"op": "and", "items": [BUSY, FAN]}, WORDS), kept, WORDS, "USD")


BANDS: list[tuple[list[str], list[str]]] = [
    (recency_bands([3, 10, 20, 40]),
     ["at most 3 days", "4 to 10 days", "11 to 20 days", "21 to 40 days", "more than 40 days"]),
    (recency_bands([1, 1, 1, 2]), ["at most 1 day", "nobody", "nobody", "2 days", "more than 2 days"]),
    (recency_bands([3]), ["nobody", "nobody", "nobody", "at most 3 days", "more than 3 days"]),
    (recency_bands([]), ["nobody", "nobody", "nobody", "nobody", "any number of days"]),
    (recency_bands(None), []),
    (frequency_bands([2, 20, 57, 1500]), ["1,500 or more", "57 to 1,499", "20 to 56", "2 to 19", "below 2"]),
    (frequency_bands([3, 3, 4, 9]), ["9 or more", "4 to 8", "3", "nobody", "below 3"]),
    (frequency_bands([3]), ["nobody", "nobody", "nobody", "3 or more", "below 3"]),
    (money_bands([Decimal("10"), Decimal("20.5"), Decimal("30"), Decimal("40")], "USD"),
     ["$40.00 or more", "$30.00 to below $40.00", "$20.50 to below $30.00", "$10.00 to below $20.50", "below $10.00"]),
]  # fmt: skip


@pytest.mark.parametrize(("said", "expected"), BANDS)
def test_what_a_score_means(said: list[str], expected: list[str]) -> None:
    assert said == expected


@pytest.mark.django_db
def test_an_old_move_is_explained_although_its_rule_names_what_is_gone() -> None:
    rule = {"op": "has", "fact": "milestones", "how": "any", "values": ["gone"]}
    MilestoneFactory(key="here")
    segment = SegmentFactory(rule=rule)
    acme = stand("Acme", segment)
    moved(acme, segment, evidence=evidence([False], [True], {"milestones": []}, {"milestones": ["gone"]}))
    moved(acme, segment, DAY + timedelta(days=1), entered=False, cause="rule")

    assert [one.words for one in told_of_account(acme, DAY, 5)] == ["Milestones has “gone”: gone, from none"]
    later = [one.words for one in told_of_account(acme, DAY + timedelta(days=1), 5)]
    assert later == ["Version 1 of the segment took effect.", "Milestones has “gone”: gone, from none"]
