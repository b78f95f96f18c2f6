"""The made-up customers: seeded, plausible, and not all easy to print."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.records.rules import ContactRole, PlanSegment
from loyalty.demo.billing import NOTICE, sold
from loyalty.demo.company import HISTORY_DAYS, Customer, company
from loyalty.demo.names import HONEST_NAMES
from loyalty.demo.referrals import referrers
from loyalty.demo.vocabulary import CUSTOM_REPORT, MILESTONE_EVENTS

ANCHOR = date(2026, 11, 20)


@pytest.fixture(scope="module")
def customers() -> tuple[Customer, ...]:
    return company(400, ANCHOR)


def mrr_on(customer: Customer, day: date) -> Decimal:
    return sum(
        (
            term.mrr
            for term in customer.contract.terms
            if term.starts_on <= day and (term.ends_on is None or day < term.ends_on)
        ),
        Decimal(0),
    )


def test_the_same_size_and_day_give_the_same_company(customers: tuple[Customer, ...]) -> None:
    assert company(400, ANCHOR) == customers


def test_a_customer_does_not_depend_on_how_many_there_are(customers: tuple[Customer, ...]) -> None:
    few = company(25, ANCHOR)
    # The handful of the last week is chosen among all, so their first reports may differ.
    assert [(c.name, c.contract, c.people) for c in few] == [(c.name, c.contract, c.people) for c in customers[:25]]


def test_some_were_referred_by_a_content_customer_of_before(customers: tuple[Customer, ...]) -> None:
    told, by_id = referrers(customers), {c.external_id: c for c in customers}
    assert 10 <= len(told) <= 40
    assert all(by_id[b].signed_up_on < by_id[a].signed_up_on for a, b in told.items())
    few = {c.external_id for c in customers[:100]}
    assert referrers(customers[:100]) == {a: b for a, b in told.items() if a in few}


def test_another_day_moves_the_company_without_changing_who_is_in_it(customers: tuple[Customer, ...]) -> None:
    later = company(400, ANCHOR + timedelta(days=7))
    assert [c.name for c in later] == [c.name for c in customers]
    assert [c.signed_up_on for c in later] == [c.signed_up_on + timedelta(days=7) for c in customers]


def test_plan_segments_have_their_shares(customers: tuple[Customer, ...]) -> None:
    assert Counter(c.segment for c in customers) == {
        PlanSegment.SELF_SERVE: 220,
        PlanSegment.MID_MARKET: 132,
        PlanSegment.ENTERPRISE: 48,
    }


def test_arr_is_that_of_a_firm_of_this_size_and_grows(customers: tuple[Customer, ...]) -> None:
    now, before = (12 * sum(mrr_on(c, day) for c in customers) for day in (ANCHOR, ANCHOR - timedelta(days=364)))
    assert Decimal(2_000_000) < before < now < Decimal(8_000_000)
    assert Decimal("1.15") < now / before < Decimal("1.70")


def test_about_one_customer_in_nine_leaves_in_a_year(customers: tuple[Customer, ...]) -> None:
    paying = [c for c in customers if mrr_on(c, ANCHOR - timedelta(days=364)) > 0]
    left = [c for c in paying if mrr_on(c, ANCHOR) == 0]
    assert 0.09 <= len(left) / len(paying) <= 0.13


def test_some_contracts_renew_in_the_next_60_days(customers: tuple[Customer, ...]) -> None:
    renewals = [
        term.renews_on
        for c in customers
        for term in c.contract.terms
        if term.renews_on and term.starts_on <= ANCHOR and (term.ends_on is None or term.ends_on > ANCHOR)
    ]
    assert 15 <= sum(ANCHOR <= day <= ANCHOR + timedelta(days=60) for day in renewals) <= 60
    assert len({(day.year, day.month) for day in renewals if day < ANCHOR + timedelta(days=365)}) >= 12


def test_terms_follow_each_other_without_gap_or_overlap(customers: tuple[Customer, ...]) -> None:
    for customer in customers:
        terms = customer.contract.terms
        assert terms[0].starts_on == customer.signed_up_on
        assert [t.ends_on for t in terms[:-1]] == [t.starts_on for t in terms[1:]]
        assert terms[-1].ends_on == customer.contract.churned_on or terms[-1].is_trial
        assert all(t.mrr == 0 if t.is_trial else t.mrr > 0 for t in terms)
        assert all(t.seats >= 1 for t in terms)


def test_billing_knows_the_end_of_a_contract_from_the_notice_on(customers: tuple[Customer, ...]) -> None:
    leaver = next(c for c in customers if c.contract.churned_on and c.contract.churned_on > ANCHOR)
    end = leaver.contract.churned_on
    last = leaver.contract.terms[-1].starts_on
    noticed_on = max(last, end - NOTICE)

    before = sold(leaver.index, leaver.contract, noticed_on - timedelta(days=1))[-1]
    after = sold(leaver.index, leaver.contract, noticed_on)[-1]

    assert not any(terms.is_cancelling or terms.ends_on for terms in before.terms.values())
    assert after.terms[noticed_on] == replace(after.terms[noticed_on], ends_on=end, is_cancelling=True)


def test_a_customer_has_one_paid_subscription_with_a_term_for_every_change(customers: tuple[Customer, ...]) -> None:
    for customer in customers:
        paid = [t for t in customer.contract.terms if not t.is_trial and t.starts_on <= ANCHOR]
        held = [s for s in sold(customer.index, customer.contract, ANCHOR) if s.external_id.startswith("sub-")]
        assert len(held) == bool(paid)
        if paid:
            assert {day: terms.mrr for day, terms in held[0].terms.items()}.items() >= {
                (t.starts_on, t.mrr) for t in paid
            }


def test_names_keep_the_pages_honest_and_are_never_shared(customers: tuple[Customer, ...]) -> None:
    names = [c.name for c in customers]
    assert len(set(names)) == 400
    assert {index: names[index] for index in HONEST_NAMES} == HONEST_NAMES
    assert "<b>" in names[16]
    assert "'" in names[11]
    assert len(names[3]) > 120


def test_nobody_has_an_address_that_could_be_real(customers: tuple[Customer, ...]) -> None:
    emails = [person.email for c in customers for person in c.people]
    assert all(email.endswith(".example") and email.isascii() for email in emails)
    assert len(set(emails)) == len(emails)


def test_every_account_has_one_champion_and_at_most_one_economic_buyer(customers: tuple[Customer, ...]) -> None:
    for customer in customers:
        roles = Counter(person.role for person in customer.people)
        assert roles[ContactRole.CHAMPION] == 1
        assert roles[ContactRole.ECONOMIC_BUYER] == (1 if len(customer.people) > 1 else 0)


@pytest.mark.parametrize(("accounts", "expected"), [(400, 8), (100, 2), (1000, 9)])
def test_a_handful_makes_its_first_custom_report_in_the_last_week(accounts: int, expected: int) -> None:
    firsts = [c.firsts.get(CUSTOM_REPORT) for c in company(accounts, ANCHOR)]
    week = [day for day in firsts if day and ANCHOR - timedelta(days=7) <= day <= ANCHOR]
    assert len(week) == expected
    assert all(day.weekday() < 5 and day < ANCHOR for day in week)


def test_milestones_are_reached_between_sign_up_and_leaving(customers: tuple[Customer, ...]) -> None:
    for customer in customers:
        for name, day in customer.firsts.items():
            assert name in MILESTONE_EVENTS
            assert customer.signed_up_on < day < (customer.contract.churned_on or date.max)


def test_nobody_has_left_before_the_history_begins(customers: tuple[Customer, ...]) -> None:
    begins = ANCHOR - timedelta(days=HISTORY_DAYS - 1)
    assert all((c.contract.churned_on or date.max) > begins for c in customers)
