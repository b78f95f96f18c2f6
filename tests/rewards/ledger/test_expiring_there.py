"""The instant of expiry: the midnight that ends the last day in the account's time zone, once (fault row 21)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from time_machine import travel

from loyalty.core.errors import DomainError
from rewards.ledger.expiring import expire_credits
from rewards.ledger.invoices import void
from rewards.ledger.models import Posting
from rewards.ledger.queries import liability
from rewards.ledger.verbs import redeem
from tests.factories import AccountFactory
from tests.factories.grants import granted

pytestmark = pytest.mark.django_db

NEW_YORK, TOKYO, LORD_HOWE = "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe"
CASES = [
    ("clocks go forward", NEW_YORK, date(2027, 3, 14)),
    ("clocks go back", NEW_YORK, date(2027, 11, 7)),
    ("clocks go back half an hour", LORD_HOWE, date(2027, 4, 4)),
    ("leap day", NEW_YORK, date(2028, 2, 29)),
    ("leap day, east", TOKYO, date(2028, 2, 29)),
    ("month end", NEW_YORK, date(2027, 4, 30)),
    ("year end, east", TOKYO, date(2027, 12, 31)),
    ("nobody told the zone", "", date(2027, 4, 30)),
]


def use(account: int, request: str, at: datetime) -> Posting:
    with travel(at, tick=False):
        return redeem(account, Decimal(1), "USD", request=request, invoice="1", booked_on=at.date(), acting_user=None)


@pytest.mark.parametrize(("what", "zone", "last_day"), CASES, ids=[case[0] for case in CASES])
def test_a_credit_is_used_until_the_midnight_of_its_last_day_there_and_expires_once(
    what: str, zone: str, last_day: date
) -> None:
    account = AccountFactory(time_zone=zone)
    granted("10.00", account=account, issued_on=date(2027, 1, 1), days=(last_day - date(2027, 1, 1)).days)
    there = ZoneInfo(zone or "UTC")
    midnight = datetime.combine(last_day + timedelta(days=1), datetime.min.time(), there).astimezone(UTC)
    use(account.pk, "before", midnight - timedelta(seconds=1))
    with pytest.raises(DomainError, match=r"\$0.00 of credit that can be used"):
        use(account.pk, "after", midnight)
    # The nights begin at 00:00 UTC: none before the instant takes it, the first after it does, and no other.
    nights = [last_day + timedelta(days=n) for n in range(-1, 4)]
    found = [expire_credits(night) for night in nights for _ in range(2)]
    first = next(n for n, night in enumerate(nights) if datetime.combine(night, datetime.min.time(), UTC) >= midnight)
    assert found == [int(n == 2 * first) for n in range(2 * len(nights))]
    assert (liability("USD"), Posting.objects.get(kind="expire").booked_on) == (0, nights[first])


def test_what_an_invoice_gives_back_on_the_last_day_there_can_still_be_used() -> None:
    account = AccountFactory(time_zone=NEW_YORK)
    granted("10.00", account=account, issued_on=date(2027, 1, 1), days=119)  # until 30 Apr
    used = use(account.pk, "first", datetime(2027, 4, 30, 12, tzinfo=UTC))
    evening = datetime(2027, 5, 1, 3, 30, tzinfo=UTC)  # half an hour to midnight in New York
    with travel(evening, tick=False):
        void(used, "Void", booked_on=evening.date(), acting_user=None)
    assert liability("USD") == Decimal(10)
    use(account.pk, "second", evening + timedelta(minutes=29))
    with travel(evening + timedelta(hours=1), tick=False):
        void(Posting.objects.get(key="redeem:second"), "Void", booked_on=evening.date(), acting_user=None)
    assert liability("USD") == Decimal(0)
