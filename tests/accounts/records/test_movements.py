"""MRR movements over dated terms, by the standard definitions."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.records.models import Account
from accounts.records.movements import Step, movements
from accounts.records.rules import Movement, movement
from accounts.records.subscriptions import tell
from accounts.records.terms import Terms
from tests.factories import AccountFactory

JANUARY, DECEMBER = date(2026, 1, 1), date(2026, 12, 31)


@pytest.mark.parametrize(
    ("before", "after", "has_paid", "kind"),
    [
        (0, 5, False, Movement.NEW),
        (0, 5, True, Movement.REACTIVATION),
        (5, 0, True, Movement.CHURN),
        (5, 6, True, Movement.EXPANSION),
        (6, 5, True, Movement.CONTRACTION),
        (5, 5, True, None),
        (0, 0, False, None),
    ],
)
def test_what_a_change_is(before: int, after: int, has_paid: bool, kind: Movement | None) -> None:
    assert movement(Decimal(before), Decimal(after), has_paid=has_paid) == kind


def life(account: Account, *steps: tuple[int, int, int | None], name: str = "sub", **values: Any) -> None:
    """Steps (month, day, mrr) of one subscription; 0 stands for its end."""
    month, day, _ = steps[0]
    start = date(2026, month, day)
    for month, day, mrr in steps:
        on = date(2026, month, day)
        end = {"ends_on": on} if mrr == 0 else {}
        terms = Terms(mrr=None if mrr is None else Decimal(mrr), **values, **end)
        moment = datetime(2026, month, day, tzinfo=UTC)
        tell(account, f"{account.pk}-{name}", terms, from_day=on, starts_on=start, told_at=moment)


def moved(step: Step = Step.DAY) -> list[tuple[date, str, Decimal, Decimal]]:
    return [(m.day, m.kind.value, m.amount, m.mrr) for m in movements(JANUARY, DECEMBER, step=step)]


@pytest.mark.django_db
class TestMovements:
    def test_the_life_of_an_account(self) -> None:
        acme = AccountFactory()
        life(acme, (1, 5, 100), (2, 1, 150), (3, 1, 150), (4, 1, 120), (5, 1, 0))
        life(acme, (8, 1, 80), name="again")

        assert moved() == [
            (date(2026, 1, 5), "new", 100, 100),
            (date(2026, 2, 1), "expansion", 50, 150),
            (date(2026, 4, 1), "contraction", -30, 120),
            (date(2026, 5, 1), "churn", -120, 0),
            (date(2026, 8, 1), "reactivation", 80, 80),
        ]

    def test_one_subscription_that_replaces_another_is_no_churn(self) -> None:
        acme = AccountFactory()
        life(acme, (1, 5, 100), (2, 1, 0))
        life(acme, (2, 1, 130), name="next")

        assert moved()[1:] == [(date(2026, 2, 1), "expansion", 30, 130)]

    def test_a_trial_moves_nothing_until_it_is_paid(self) -> None:
        acme = AccountFactory()
        life(acme, (1, 1, 70), (1, 15, 0), name="trial", is_trial=True)
        life(acme, (1, 15, 70))

        assert moved() == [(date(2026, 1, 15), "new", 70, 70)]

    def test_by_months_only_the_ends_of_months_are_compared(self) -> None:
        acme = AccountFactory()
        life(acme, (1, 5, 100), (1, 20, 150), (2, 3, 90), (2, 20, 160), (4, 2, 90), (4, 3, 160))

        assert moved(Step.MONTH) == [
            (date(2026, 1, 1), "new", 150, 150),
            (date(2026, 2, 1), "expansion", 10, 160),
        ]

    def test_what_is_unknown_moves_nothing(self) -> None:
        acme, beta = AccountFactory(), AccountFactory()
        life(acme, (1, 5, None), (2, 1, 150), (3, 1, 200))
        life(beta, (1, 5, 100), currency="EUR")

        assert moved() == [(date(2026, 3, 1), "expansion", 50, 200)]

    def test_of_one_account_and_some_days_only(self) -> None:
        acme, beta = AccountFactory(), AccountFactory()
        for account in (acme, beta):
            life(account, (1, 5, 100), (2, 1, 150))

        found = movements(date(2026, 2, 1), date(2026, 2, 1), account_id=beta.pk)

        assert [(m.account_id, m.kind) for m in found] == [(beta.pk, Movement.EXPANSION)]
