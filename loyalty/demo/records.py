"""Writing what the systems of record tell: accounts, contacts, subscriptions, tickets, NPS.

Written as it was known at `until`; a later call adds what has happened since
and ends what has ended since. Nothing that people edited meanwhile is undone.
"""

import zlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from accounts.privacy.models import Consent
from accounts.privacy.rules import ConsentSource
from accounts.records.models import Account, Contact, FeedbackScore, Subscription, SubscriptionTerm, Ticket
from loyalty.core.people.models import User
from loyalty.demo.billing import sold
from loyalty.demo.company import Customer, Person
from loyalty.demo.referrals import referrers, write_first_invoices
from loyalty.demo.support import answers, tickets
from loyalty.demo.usage_rows import Ids
from loyalty.demo.vocabulary import CUSTOM_REPORT

BATCH = 2000
POLICY = "2025-01"


def write_records(
    customers: Sequence[Customer], anchor: date, managers: Sequence[User], usage_source: int, until: datetime
) -> Ids:
    """Write all records as of `until` (UTC) and return the ids that usage refers to."""
    accounts = _accounts(customers, keepers(customers, anchor, managers))
    people = [(c.index, person) for c in customers for person in c.people]
    # One day more, because a day begins earlier east of Greenwich.
    joined = [(index, person) for index, person in people if person.joined_on <= until.date() + timedelta(days=1)]
    contacts = _contacts(joined, accounts)
    _consents(joined, contacts, until)
    _subscriptions(customers, accounts, until.date())
    write_first_invoices(customers, accounts, until)
    _tickets(customers, accounts, anchor, until)
    _answers(customers, accounts, contacts, anchor, until)
    return Ids(
        accounts=np.array(accounts),
        contacts=np.array([contacts.get(person.external_id, 0) for _, person in people]),
        contact_names=[person.external_id for _, person in people],
        usage_source=usage_source,
    )


def keepers(customers: Sequence[Customer], anchor: date, managers: Sequence[User]) -> list[User]:
    """In whose book each customer is: in turn, but for those who made their first custom report in the last week.

    Of these an offer waits: they go to the first two, who can sign in, so that both find work in their book.
    """
    week = timedelta(days=7)
    ready = [c.index for c in customers if anchor - week <= c.firsts.get(CUSTOM_REPORT, anchor) < anchor]
    turns = {index: managers[turn % 2] for turn, index in enumerate(ready)}
    return [turns.get(c.index, managers[c.index % len(managers)]) for c in customers]


def _accounts(customers: Sequence[Customer], managers: Sequence[User]) -> list[int]:
    referred = referrers(customers)
    Account.objects.bulk_create(
        (
            Account(
                external_id=c.external_id,
                name=c.name,
                industry=c.industry,
                country=c.country,
                employee_count=c.employee_count,
                goals=c.goals,
                plan_segment=c.segment.value,
                time_zone=c.time_zone,
                signed_up_on=c.signed_up_on,
                referred_by=referred.get(c.external_id, ""),
                cs_manager=manager,
            )
            for c, manager in zip(customers, managers, strict=True)
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    wanted = [c.external_id for c in customers]
    known = dict(Account.objects.filter(external_id__in=wanted).values_list("external_id", "pk"))
    return [known[external_id] for external_id in wanted]


def _contacts(joined: Sequence[tuple[int, Person]], accounts: Sequence[int]) -> dict[str, int]:
    Contact.objects.bulk_create(
        (
            Contact(
                account_id=accounts[index],
                external_id=person.external_id,
                name=person.name,
                email=person.email,
                role=person.role.value,
            )
            for index, person in joined
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    wanted = [person.external_id for _, person in joined]
    return dict(Contact.objects.filter(external_id__in=wanted).values_list("external_id", "pk"))


def _consents(joined: Sequence[tuple[int, Person]], contacts: dict[str, int], until: datetime) -> None:
    """Most people consent when they join; some are never asked, and a few withdraw after a month."""
    words = [
        (contacts[person.external_id], granted, midnight(person.joined_on) + after)
        for _, person in joined
        for granted, after in _said(zlib.crc32(person.external_id.encode()))
    ]
    Consent.objects.bulk_create(
        (
            Consent(contact_id=pk, granted=granted, policy_version=POLICY, source=ConsentSource.IDENTIFY.value, at=at)
            for pk, granted, at in words
            if at <= until
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )


def _said(lot: int) -> list[tuple[bool, timedelta]]:
    if lot % 9 == 0:
        return []
    return [(True, timedelta(0))] + ([(False, timedelta(days=30))] if lot % 40 == 1 else [])


def _subscriptions(customers: Sequence[Customer], accounts: Sequence[int], today: date) -> None:
    held = [(accounts[c.index], told) for c in customers for told in sold(c.index, c.contract, today)]
    Subscription.objects.bulk_create(
        (
            Subscription(
                account_id=account,
                external_id=told.external_id,
                starts_on=told.starts_on,
                told_at=midnight(told.starts_on),
            )
            for account, told in held
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    wanted = [told.external_id for _, told in held]
    known = dict(Subscription.objects.filter(external_id__in=wanted).values_list("external_id", "pk"))
    SubscriptionTerm.objects.bulk_create(
        (
            SubscriptionTerm(
                subscription_id=known[told.external_id],
                from_day=from_day,
                told_at=midnight(from_day),
                **asdict(terms),
            )
            for _, told in held
            for from_day, terms in told.terms.items()
        ),
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["subscription", "from_day"],
        update_fields=["ends_on", "is_cancelling"],
    )


def _tickets(customers: Sequence[Customer], accounts: Sequence[int], anchor: date, until: datetime) -> None:
    Ticket.objects.bulk_create(
        (
            Ticket(
                account_id=accounts[made.account],
                external_id=made.external_id,
                opened_at=made.opened_at,
                closed_at=made.closed_at if made.closed_at <= until else None,
                priority=made.priority,
                satisfaction=made.satisfaction if made.closed_at <= until else None,
            )
            for c in customers
            for made in tickets(c, anchor)
            if made.opened_at <= until
        ),
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["external_id"],
        update_fields=["closed_at", "satisfaction"],
    )


def _answers(
    customers: Sequence[Customer],
    accounts: Sequence[int],
    contacts: dict[str, int],
    anchor: date,
    until: datetime,
) -> None:
    FeedbackScore.objects.bulk_create(
        (
            FeedbackScore(
                account_id=accounts[answer.account],
                contact_id=contacts[c.people[answer.seat].external_id],
                external_id=answer.external_id,
                kind="nps",
                score=answer.score,
                at=answer.at,
            )
            for c in customers
            for answer in answers(c, anchor)
            if answer.at <= until
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )


def midnight(day: date) -> datetime:
    """The beginning of a day in UTC."""
    return datetime.combine(day, time(), UTC)
