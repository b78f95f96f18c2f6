"""What billing tells of a contract: a trial and a paid subscription, each with its terms from which day on.

Pure. A customer who leaves says so a month before, as far as the last change of terms allows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from accounts.records.terms import Terms
from loyalty.demo.contracts import Contract, Term

NOTICE = timedelta(days=30)


@dataclass(frozen=True)
class Sold:
    """One subscription as billing knows it on a day."""

    external_id: str
    starts_on: date
    terms: Mapping[date, Terms]


def sold(index: int, agreed: Contract, today: date) -> list[Sold]:
    """The subscriptions of a customer that have begun by `today`, with what was known of them by then."""
    begun = [term for term in agreed.terms if term.starts_on <= today]
    trials, paid = [t for t in begun if t.is_trial], [t for t in begun if not t.is_trial]
    told = []
    if trials:
        terms = {t.starts_on: replace(_terms(t), ends_on=t.ends_on) for t in trials}
        told.append(Sold(f"trial-{index:05d}", trials[0].starts_on, terms))
    if paid:
        told.append(Sold(f"sub-{index:05d}", paid[0].starts_on, _with_notice(paid, agreed.churned_on, today)))
    return told


def _with_notice(paid: list[Term], churned_on: date | None, today: date) -> dict[date, Terms]:
    terms = {term.starts_on: _terms(term) for term in paid}
    last = paid[-1]
    if churned_on and churned_on == last.ends_on:
        noticed_on = max(last.starts_on, churned_on - NOTICE)
        if noticed_on <= today:
            terms[noticed_on] = replace(_terms(last), ends_on=churned_on, is_cancelling=True)
    return terms


def _terms(term: Term) -> Terms:
    return Terms(
        plan=term.plan,
        billing_frequency=term.billing_frequency,
        seats=term.seats,
        mrr=term.mrr,
        is_trial=term.is_trial,
        renews_on=term.renews_on,
    )
