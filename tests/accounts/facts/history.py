"""A made-up history of one account: everything a system of record may tell, each on its day."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from accounts.facts.models import AccountFacts
from accounts.records.models import Account, Contact, FeedbackScore, Ticket
from accounts.records.subscriptions import tell
from accounts.records.terms import Terms
from tests.accounts.facts.company import mark, moment, use

FIRST = date(2026, 1, 1)
DAYS = 70
LAST = FIRST + timedelta(days=DAYS - 1)
COLUMNS = [f.name for f in AccountFacts._meta.fields if f.name not in ("pk", "refreshed_at")]

days = st.integers(0, DAYS - 1).map(lambda n: FIRST + timedelta(days=n))


@dataclass(frozen=True)
class Happening:
    """Something that happened on a day; `what` tells it to the database and marks what it touches."""

    day: date
    key: str
    what: str
    figures: tuple[int, ...]


used = st.builds(
    lambda day, key, what, figures: Happening(day, key, what, figures),
    days,
    st.uuids().map(str),
    st.sampled_from(["Signed In", "Report Exported", "Dashboard Opened", "API Call", "Cancellation Intent"]),
    st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 200)),
)
told = st.builds(
    lambda day, key, figures: Happening(day, key, "subscription", figures),
    days,
    st.uuids().map(str),
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 40), st.integers(0, 23)),
)
cared = st.builds(
    lambda day, key, what, score: Happening(day, key, what, (score,)),
    days,
    st.uuids().map(str),
    st.sampled_from(["nps", "csat", "opened"]),
    st.integers(1, 5),
)
happenings = st.lists(st.one_of(used, told, cared), min_size=1, max_size=25, unique_by=lambda h: h.key)


def tell_all(account: Account, people: list[Contact], told: Iterable[Happening], then: Callable[[], Any]) -> None:
    """Tell what happened, in the order given; `then` runs after each."""
    for happening in told:
        _tell(account, people, happening)
        then()


def facts_of(account: Account, last: date = LAST) -> list[dict[str, Any]]:
    """All facts of the account up to a day."""
    return list(AccountFacts.objects.filter(account=account, day__lte=last).order_by("day").values(*COLUMNS))


def _tell(account: Account, people: list[Contact], happening: Happening) -> None:
    day, key, figures = happening.day, f"{account.pk}-{happening.key}", happening.figures
    if happening.what == "subscription":
        _tell_subscription(account, day, key, figures)
        return
    if happening.what in ("nps", "csat"):
        values = {"account": account, "kind": happening.what, "score": Decimal(figures[0]), "at": moment(day)}
        FeedbackScore.objects.get_or_create(external_id=key, defaults=values)
    elif happening.what == "opened":
        Ticket.objects.get_or_create(external_id=key, defaults={"account": account, "opened_at": moment(day)})
    else:
        who, times, seconds = figures
        contact = people[who - 1] if who else None
        use(account, day, happening.what, contact=contact, times=times, seconds=seconds, message_id=key)
    mark(account, day)


def _tell_subscription(account: Account, day: date, key: str, figures: tuple[int, ...]) -> None:
    """Three subscriptions that began with the history; each telling says what one of them is since its day."""
    which, price, ends_in, hour = figures
    ends_on = day + timedelta(days=ends_in - 20) if ends_in > 20 else None
    terms = Terms(
        billing_frequency=("monthly", "annual", "multi_year", "")[price],
        seats=price * 5,
        mrr=Decimal(price * 100),
        is_trial=price == 0,
        ends_on=ends_on,
        is_cancelling=ends_in > 35,
    )
    name = f"{account.pk}-{which}"
    tell(account, name, terms, from_day=day, starts_on=FIRST, told_at=moment(day, hour), told_as=key)
