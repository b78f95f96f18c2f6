"""The ledger under many clients at once (fault rows 13 and 19, short)."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from loyalty.core.people.rules import Function
from rewards.ledger.models import CreditLot, Posting
from rewards.ledger.reconciliation import check
from rewards.ledger.verbs import expire_lot, issue_credit, reverse
from tests.concurrency import at_once
from tests.factories import PersonFactory
from tests.faults.clients import granted, offers
from tests.faults.ledger_load import TODAY, drain, storm

pytestmark = pytest.mark.django_db(transaction=True)


def test_fifty_redemptions_of_seven_dollars_from_a_hundred() -> None:
    assert drain(clients=25) == (14, Decimal("2.00"))
    assert check().problems == []


def test_random_operations_with_crashes_add_up() -> None:
    result = storm(clients=8, count=200)
    assert result.problems == []
    assert result.doubled == 0
    assert result.crashes > 10
    assert result.operations > 50


def test_one_credit_issued_twenty_times_at_once_is_one_posting() -> None:
    grant = granted(offers(1, Decimal(300))[0])
    results = at_once([partial(issue_credit, grant, booked_on=TODAY, acting_user=None)] * 20)
    assert results == [Posting.objects.get()] * 20


def test_a_credit_reversed_and_expired_at_once_ends_once() -> None:
    finance = PersonFactory(functions=[Function.FINANCE])
    late = TODAY + timedelta(days=400)
    for offer in offers(10, Decimal(300)):
        posting = issue_credit(granted(offer), booked_on=TODAY, acting_user=None)
        lot = CreditLot.objects.get(grant__offer=offer)
        at_once(
            [
                partial(reverse, posting, "Wrong", acting_user=finance, booked_on=late),
                partial(expire_lot, lot.pk, booked_on=late, acting_user=None),
            ]
        )
        assert Posting.objects.filter(lines__lot=lot).distinct().count() == 2
    assert check().problems == []
