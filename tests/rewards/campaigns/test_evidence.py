"""The evidence in words, from facts alone."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from rewards.campaigns.evidence import KnownFacts, Reached, evidence, sentences

REACHED = Reached(
    name="First custom report generated",
    event_name="Custom Report Generated",
    count=1,
    version=2,
    reached_at=datetime(2026, 11, 14, 9, 5, tzinfo=UTC),
    event_message_id="m-1",
)
FACTS = KnownFacts(
    day=date(2026, 11, 14),
    seats_active=27,
    seats_bought=30,
    arr=Decimal("12000.00"),
    currency="USD",
    renews_on=date(2027, 1, 13),
)


def test_all_is_known() -> None:
    assert sentences(REACHED, FACTS) == [
        "“Custom Report Generated” for the first time, on 14 Nov 2026, 09:05 UTC: "
        "the milestone “First custom report generated” is reached.",
        "27 of 30 seats active on 14 Nov 2026.",
        "ARR $12,000.00 on 14 Nov 2026.",
        "Renewal on 13 Jan 2027, 60 days away.",
    ]


UNKNOWN = KnownFacts(date(2026, 11, 14), None, None, None, "USD", None)


@pytest.mark.parametrize("facts", [None, UNKNOWN], ids=["no facts at all", "facts, all unknown"])
def test_the_unknown_is_left_out_not_shown_as_zero(facts: KnownFacts | None) -> None:
    assert len(sentences(REACHED, facts)) == 1


def test_an_unknown_fact_says_so_in_the_table() -> None:
    made = evidence(REACHED, UNKNOWN, campaign="First custom report", campaign_version=1, addressed=True)
    assert [f["value"] for f in made["facts"]] == ["1", "unknown", "unknown", "unknown", "unknown"]


@pytest.mark.parametrize(
    ("renews_on", "words"),
    [
        (date(2026, 11, 14), "today"),
        (date(2026, 11, 15), "1 day away"),
        (date(2026, 11, 13), "1 day ago"),
        (date(2026, 11, 4), "10 days ago"),
    ],
)
def test_days_in_words(renews_on: date, words: str) -> None:
    facts = KnownFacts(date(2026, 11, 14), None, None, None, "USD", renews_on)
    assert sentences(REACHED, facts)[-1].endswith(f", {words}.")


def test_the_summary_fits_a_list() -> None:
    made = evidence(REACHED, FACTS, campaign="First custom report", campaign_version=1, addressed=True)
    assert made["summary"] == "First custom report generated, 14 Nov 2026"


def test_the_event_behind_it_is_named() -> None:
    made = evidence(REACHED, FACTS, campaign="First custom report", campaign_version=1, addressed=True)
    assert made["events"] == [
        {"name": "Custom Report Generated", "at": "2026-11-14T09:05:00+00:00", "detail": "message m-1"}
    ]
