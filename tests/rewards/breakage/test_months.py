"""A year of credits: the rate proposed and accepted, months recognised once, the catch-up, the books equal."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve, propose_or_apply
from loyalty.core.errors import DomainError
from loyalty.core.people.models import User
from rewards.breakage.models import BreakageMonth, BreakageRateVersion
from rewards.breakage.queries import curves_of, estimate_of, moves
from rewards.breakage.verbs import rate_of_currency, recognise_until
from rewards.ledger.expiring import expire_credits
from rewards.ledger.models import Posting
from rewards.ledger.queries import breakage_ahead, liability, rollforward
from rewards.ledger.reconciliation import check
from rewards.ledger.verbs import issue_credit, redeem, reverse
from rewards.offers.models import Grant
from tests.factories import AccountFactory, OfferFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
D = Decimal
FIRST = date(2025, 1, 15)


@pytest.fixture
def account_id() -> int:
    """An account with $10,000 of credit from 15 Jan 2025, usable for two years."""
    account = AccountFactory()
    offer = OfferFactory(account=account, face_value=D(10_000), state="approved")
    grant = Grant.objects.create(
        offer=offer, account=account, face_value=D(10_000), currency="USD", expires_on=FIRST + timedelta(days=730)
    )
    issue_credit(grant, booked_on=FIRST, acting_user=None)
    return account.pk


def use(account_id: int, amount: int, day: date) -> Posting:
    return redeem(account_id, D(amount), "USD", request=f"{day}", invoice="1", booked_on=day, acting_user=None)


def accept(percent: str | None, effective_on: date, finance: User, colleague: User) -> None:
    rate = rate_of_currency("USD", effective_on)
    values = {"percent": percent, "effective_on": effective_on.isoformat()}
    change = propose_or_apply("breakage_rate", rate.pk, values, "The curves", acting_user=finance)
    assert change is not None
    approve(change.pk, digest=change.digest, acting_user=colleague)


def test_three_periods_on_the_books(account_id: int, finance: User, finance_colleague: User) -> None:
    """The three periods of the worked figures, in February, March and April 2026."""
    use(account_id, 3000, date(2026, 2, 10))
    accept("20.00", date(2026, 2, 1), finance, finance_colleague)
    assert recognise_until(date(2026, 3, 1)) == 1
    assert liability("USD") == D("6250.00")
    use(account_id, 2000, date(2026, 3, 10))
    accept("10.00", date(2026, 3, 1), finance, finance_colleague)
    assert recognise_until(date(2026, 4, 1)) == 2
    assert liability("USD") == D("4444.44")
    use(account_id, 3500, date(2026, 4, 10))
    told = [(m.month, m.breakage, m.reestimate) for m in BreakageMonth.objects.order_by("month")]
    assert told == [
        (date(2026, 1, 1), D(0), D(0)),
        (date(2026, 2, 1), D(0), D("750.00")),
        (date(2026, 3, 1), D("500.00"), D("-694.44")),
    ]
    assert expire_credits(FIRST + timedelta(days=731)) == 1
    assert recognise_until(date(2027, 2, 1)) > 0
    assert (liability("USD"), breakage_ahead("USD")) == (D(0), D(0))
    assert check().problems == []


def test_a_month_is_recognised_once_and_corrected_by_the_next(
    account_id: int, finance: User, finance_colleague: User
) -> None:
    accept("20.00", date(2026, 1, 15), finance, finance_colleague)
    used = use(account_id, 4000, date(2026, 1, 20))
    assert recognise_until(date(2026, 1, 31)) == 0
    assert recognise_until(date(2026, 2, 1)) == 1
    count = Posting.objects.count()
    assert recognise_until(date(2026, 2, 1)) == 0
    assert recognise_until(date(2026, 2, 28)) == 0
    assert Posting.objects.count() == count
    posting = Posting.objects.get(key="reestimate:2026-01:USD")
    assert (posting.booked_on, posting.account, posting.customer) == (date(2026, 1, 31), None, "All customers")
    with pytest.raises(DomainError, match="the next month estimates it anew"):
        reverse(posting, "Wrong", acting_user=finance, booked_on=date(2026, 2, 2))
    reverse(used, "Invoice voided", acting_user=finance, booked_on=date(2026, 2, 3))
    assert recognise_until(date(2026, 3, 1)) == 1
    assert (breakage_ahead("USD"), liability("USD")) == (D(0), D(10_000))
    january, february = rollforward([date(2026, 1, 1), date(2026, 2, 1)], "USD")
    assert (january.breakage, january.closing) == (D("1000.00"), D("5000.00"))
    assert (february.breakage, february.reversed, february.closing) == (D("-1000.00"), D(-4000), D(10_000))
    assert check().problems == []


def test_no_rate_before_twelve_months_of_history_nor_into_a_month_that_is_done(
    account_id: int, finance: User, finance_colleague: User
) -> None:
    with pytest.raises(DomainError, match="from 15 Jan 2026"):
        accept("20.00", date(2026, 1, 14), finance, finance_colleague)
    accept("20.00", date(2026, 1, 15), finance, finance_colleague)
    recognise_until(date(2026, 2, 1))
    with pytest.raises(DomainError, match="up to 31 Jan 2026 is worked out"):
        accept("30.00", date(2026, 1, 31), finance, finance_colleague)
    assert BreakageRateVersion.objects.count() == 2


def test_the_check_names_a_month_without_its_posting(account_id: int) -> None:
    BreakageMonth.objects.create(month=date(2026, 1, 1), currency="USD", booked_before=0, breakage=7, reestimate=0)
    (problem,) = check().problems
    assert (problem.row, problem.what) == ("breakage of 2026-01 in USD", "breakage is what its months say")


def test_curves_count_ages_from_the_month_of_issue_and_only_whole_months(account_id: int) -> None:
    use(account_id, 1000, date(2025, 1, 20))
    use(account_id, 500, date(2025, 3, 2))
    use(account_id, 700, date(2025, 4, 1))
    (curve,) = curves_of(moves("USD", date(2025, 4, 1)), date(2025, 4, 1))
    assert (curve.month, curve.issued, curve.redeemed) == (date(2025, 1, 1), D(10_000), [D(1000), D(1000), D(1500)])
    found = estimate_of([curve])
    assert found is not None
    assert (found.rate, found.low) == (D("0.85"), None)


@pytest.fixture
def _in_may() -> Any:
    with time_machine.travel(datetime(2026, 5, 4, 10, tzinfo=UTC), tick=True):
        yield


@pytest.mark.usefixtures("_in_may")
def test_finance_proposes_a_rate_on_the_page(account_id: int, finance: User, signed_in_as: SignIn) -> None:
    use(account_id, 3000, date(2026, 2, 10))
    client = signed_in_as(finance)
    page = client.get("/liability/breakage/").content.decode()
    assert "None assumed" in page
    assert "the first credit was issued on" in page
    assert page.count('class="line-quiet"') == 1
    refused = client.post("/liability/breakage/", {"percent": "20", "effective_on": "2026-01-01", "reason": "Curves"})
    assert refused.status_code == 409
    assert "only after 12 months" in refused.content.decode()
    assert client.post("/liability/breakage/", {"percent": "96"}).status_code == 422
    done = client.post("/liability/breakage/", {"percent": "20", "effective_on": "2026-05-01", "reason": "Curves"})
    change = ChangeRequest.objects.get()
    assert (done.status_code, done["Location"]) == (302, f"/changes/{change.pk}/")
    assert change.owner_function == "finance"
    assert change.impact[0].startswith("By what was redeemed to date, $750.00 of breakage would be recognised")
    rows = b"".join(client.get("/liability/breakage/?format=csv").streaming_content).decode().splitlines()
    assert len(rows) == 17
    assert rows[-1] == "2025-01,15,10000.00,3000.00,USD"


def test_the_page_works_out_the_standards_example(finance: User, signed_in_as: SignIn) -> None:
    page = signed_in_as(finance).get("/liability/breakage/").content.decode()
    for figure in ("$91,324", "$8,676", "$4,110", "$4,566", "$3,493", "$1,073"):
        assert figure in page
