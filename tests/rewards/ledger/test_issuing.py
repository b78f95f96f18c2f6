"""Many credits at once stand on the books exactly as one by one."""

from datetime import timedelta
from typing import Any

import pytest

from loyalty.core.audit.models import AuditLine
from loyalty.core.errors import DomainError
from rewards.ledger.issuing import issue_credits
from rewards.ledger.models import CreditLot, Posting, PostingLine
from rewards.ledger.reconciliation import check
from rewards.ledger.verbs import issue_credit
from tests.rewards.ledger.test_verbs import TODAY, granted

pytestmark = pytest.mark.django_db


def written() -> list[Any]:
    """All that the books and the audit say, without ids and moments."""
    lots = CreditLot.objects.values_list("amount", "currency", "issued_on", "expires_on")
    postings = Posting.objects.values_list("kind", "booked_on", "cause", "reverses")
    lines = PostingLine.objects.order_by("id").values_list("ledger_account__code", "amount", "currency")
    told = [
        (line.actor_name, line.object_type, line.after["lines"], line.after["booked on"], line.reason)
        for line in AuditLine.objects.filter(verb="ledger_posted")
        if line.after
    ]
    return [list(lots), list(postings), list(lines), told]


def test_it_writes_what_one_by_one_writes() -> None:
    one, other = granted("1250.50"), granted("1250.50")
    issue_credit(one, booked_on=TODAY, acting_user=None)
    alone = written()
    assert issue_credits([other.pk], booked_on=TODAY, acting_user=None) == 1
    assert written() == [part * 2 for part in alone]
    labels = AuditLine.objects.filter(verb="ledger_posted").values_list("object_label", flat=True)
    assert set(labels) == {f"a credit granted for {grant.account.name}" for grant in (one, other)}
    assert check().problems == []


def test_twice_is_once() -> None:
    ids = [granted().pk for _ in range(3)]
    assert [
        issue_credits(ids[:2], booked_on=TODAY, acting_user=None),
        issue_credits(ids, booked_on=TODAY, acting_user=None),
    ] == [2, 1]
    assert (CreditLot.objects.count(), Posting.objects.count(), PostingLine.objects.count()) == (3, 3, 6)


def test_what_stands_with_other_content_is_refused_and_nothing_is_written() -> None:
    first, second = granted(), granted()
    issue_credits([first.pk], booked_on=TODAY, acting_user=None)
    with pytest.raises(DomainError, match=f"issue:grant:{first.pk} stands already with other content: it is booked on"):
        issue_credits([second.pk, first.pk], booked_on=TODAY + timedelta(days=1), acting_user=None)
    assert (CreditLot.objects.count(), Posting.objects.count(), PostingLine.objects.count()) == (1, 1, 2)
    assert AuditLine.objects.filter(verb="ledger_posted").count() == 1


def test_nothing_is_nothing() -> None:
    assert issue_credits([], booked_on=TODAY, acting_user=None) == 0
    assert Posting.objects.count() == 0
