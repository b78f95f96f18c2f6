"""The last day of what a customer holds ends at midnight where the customer is, for all who look at it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from time_machine import travel

from accounts.records.days import day_of_account, day_there
from accounts.records.models import Account
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from rewards.delivery.api.keys import key_of, make_key
from rewards.delivery.api.queries import rewards_of
from rewards.delivery.api.redeeming import redeem_once
from rewards.delivery.api.rules import RedemptionRequest
from rewards.delivery.outgoing.passes import tell_expired
from rewards.delivery.outgoing.rules import EventType
from rewards.ledger.expiring import expire_credits
from rewards.offers.handing import deliver, lapse_unaccepted
from rewards.offers.models import Offer
from tests.factories import AccountFactory, RewardFactory
from tests.factories.grants import granted
from tests.rewards.delivery.receivers import endpoint

pytestmark = pytest.mark.django_db

LAST_DAY = date(2027, 4, 30)
ZONES = ["America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Pago_Pago", ""]


@pytest.mark.parametrize("zone", ZONES)
def test_what_is_told_can_be_used_and_what_can_be_used_is_told(zone: str, administrator: User) -> None:
    account = AccountFactory(time_zone=zone, external_id="acme")
    a_pass = RewardFactory(kind="feature_pass", is_credit=False, face_value=Decimal(0), key="pass")
    issued_on = LAST_DAY - timedelta(days=30)
    granted("10.00", account=account, issued_on=issued_on, days=30)
    passed = granted("0.00", account=account, reward=a_pass, issued_on=issued_on, days=30)
    by = key_of(make_key("Product", may_redeem=True, acting_user=administrator))
    assert by is not None
    midnight = datetime.combine(LAST_DAY + timedelta(days=1), datetime.min.time(), ZoneInfo(zone or "UTC"))

    def use(at: datetime, key: str, **asked: object) -> None:
        with travel(at, tick=False):
            redeem_once(RedemptionRequest(account="acme", **asked), key=key, by=by, now=at)  # type: ignore[arg-type]

    before, after = midnight.astimezone(UTC) - timedelta(seconds=1), midnight.astimezone(UTC)
    told = rewards_of(account, before)
    assert (told["credit"], len(told["grants"])) == ([{"amount": "10.00", "currency": "USD"}], 2)
    use(before, "credit", amount=Decimal(4), invoice="in-1")
    told = rewards_of(account, after)
    assert (told["credit"], told["grants"]) == ([], [])
    with pytest.raises(DomainError):
        use(after, "more credit", amount=Decimal(4), invoice="in-1")
    with pytest.raises(DomainError, match="could be used until 2027-04-30"):
        use(after, "pass", grant=passed.pk)


def test_the_nights_end_it_after_that_midnight_too(administrator: User, cs: User) -> None:
    endpoint(administrator, "Product", EventType.GRANT_EXPIRED)
    account = AccountFactory(time_zone="America/New_York")
    a_pass = RewardFactory(kind="feature_pass", is_credit=False, face_value=Decimal(0), key="pass")
    issued_on = LAST_DAY - timedelta(days=30)
    credit = granted("10.00", account=account, issued_on=issued_on, days=30)
    granted("0.00", account=account, reward=a_pass, issued_on=issued_on, days=30)
    with travel(datetime(2027, 4, 2, 12, tzinfo=UTC), tick=False):
        deliver(credit.offer_id, acting_user=cs)
    # At 00:00 UTC of 1 May it is still 20:00 of 30 April in New York.
    nights = (LAST_DAY, LAST_DAY + timedelta(days=1), LAST_DAY + timedelta(days=2), LAST_DAY + timedelta(days=3))
    found = [(lapse_unaccepted(night), expire_credits(night), tell_expired(night)) for night in nights]
    assert found == [(0, 0, 0), (0, 0, 0), (1, 1, 1), (0, 0, 0)]
    assert Offer.objects.get(pk=credit.offer_id).state == "lapsed"


def test_the_database_has_the_same_days() -> None:
    for zone in ZONES:
        AccountFactory(time_zone=zone)
    for hour in range(0, 48, 5):
        at = datetime(2027, 3, 13, tzinfo=UTC) + timedelta(hours=hour, minutes=59)
        days = Account.objects.annotate(there=day_of_account(at, "time_zone"))
        rows = list(days.values_list("time_zone", "there"))
        assert len(rows) == len(ZONES)
        assert [there for _, there in rows] == [day_there(zone, at) for zone, _ in rows]
