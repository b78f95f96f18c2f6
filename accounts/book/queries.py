"""Reading the book of accounts: the list, and all that one account's page shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, DateField, DecimalField, F, FilteredRelation, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Least

from accounts.facts.queries import latest_day
from accounts.records.models import Account, Contact
from accounts.tiers.falling import Falling
from loyalty.core.people.models import User

SHOWN_FACTS = (
    "day",
    "mrr",
    "seats_active",
    "seats_bought",
    "seat_utilisation",
    "renews_on",
    "days_since_sign_in",
    "days_since_key_action",
)
NO_DAY = date(1970, 1, 2)
UNKNOWN_FIRST, UNKNOWN_LAST = Decimal(-1), 10**6
FAR_AHEAD = date(9999, 12, 31)
CSV_HEADER = (
    "account",
    "external_id",
    "plan_segment",
    "mrr",
    "seats_active",
    "seats_bought",
    "seat_utilisation",
    "renews_on",
    "last_seen_on",
    "cs_manager",
    "facts_of",
    "steps_down",
)


@dataclass(frozen=True)
class Line:
    """One account in the list; facts are those of `day`, unknown ones None. `seat_utilisation` is a ratio.

    `falling` is the step down to a lower tier that it is about to take, if any.
    """

    account: Account
    day: date | None
    mrr: Decimal | None
    seats_active: int | None
    seats_bought: int | None
    seat_utilisation: Decimal | None
    renews_on: date | None
    last_seen_on: date | None
    falling: Falling | None

    @property
    def manager(self) -> str:
        return self.account.cs_manager.display_name if self.account.cs_manager else ""


def book(text: str = "", segment: str = "", manager: User | None = None) -> QuerySet[Account]:
    """Accounts with their facts of the latest day, or of the day before where the nightly run has not come by yet.

    Annotated with `fact_…` for each of SHOWN_FACTS and with the fields that SORTS name.
    """
    day = latest_day() or NO_DAY
    rows = Account.objects.select_related("cs_manager").annotate(
        newest=FilteredRelation("facts", condition=Q(facts__day=day)),
        before=FilteredRelation("facts", condition=Q(facts__day=day - timedelta(days=1))),
    )
    rows = rows.annotate(
        **{
            f"fact_{name}": Case(
                When(newest__day__isnull=False, then=F(f"newest__{name}")), default=F(f"before__{name}")
            )
            for name in SHOWN_FACTS
        }
    ).annotate(
        by_mrr=Coalesce("fact_mrr", Value(UNKNOWN_FIRST), output_field=DecimalField()),
        by_utilisation=Coalesce("fact_seat_utilisation", Value(UNKNOWN_FIRST), output_field=DecimalField()),
        by_renews_on=Coalesce("fact_renews_on", Value(FAR_AHEAD), output_field=DateField()),
        by_recency=Coalesce(
            Least("fact_days_since_sign_in", "fact_days_since_key_action"),
            Value(UNKNOWN_LAST),
            output_field=IntegerField(),
        ),
    )
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(external_id__icontains=text))
    if segment:
        rows = rows.filter(plan_segment=segment)
    return rows.filter(cs_manager=manager) if manager else rows


def line_of(row: Any, falling: Falling | None) -> Line:
    """A row of `book()` for the page."""
    seen = row.by_recency
    return Line(
        account=row,
        day=row.fact_day,
        mrr=row.fact_mrr,
        seats_active=row.fact_seats_active,
        seats_bought=row.fact_seats_bought,
        seat_utilisation=row.fact_seat_utilisation,
        renews_on=row.fact_renews_on,
        last_seen_on=row.fact_day - timedelta(days=seen) if seen != UNKNOWN_LAST else None,
        falling=falling,
    )


def csv_rows(rows: QuerySet[Account], falling: Mapping[int, Falling]) -> Iterator[list[object]]:
    """The list by CSV_HEADER, streamed; `falling` by the account's id."""
    for line in (line_of(row, falling.get(row.pk)) for row in rows.iterator(chunk_size=500)):
        yield [
            line.account.name,
            line.account.external_id,
            line.account.plan_segment,
            line.mrr,
            line.seats_active,
            line.seats_bought,
            line.seat_utilisation,
            line.renews_on,
            line.last_seen_on,
            line.manager,
            line.day,
            line.falling.headline if line.falling else "",
        ]


def search_contacts(text: str, limit: int) -> QuerySet[Contact]:
    """Contacts at an account whose name or address has the text, by name."""
    found = Contact.objects.filter(account__isnull=False).select_related("account")
    return found.filter(Q(name__icontains=text) | Q(email__icontains=text))[:limit]
