"""Any sequence of issue, redeem, expire, reverse, refund, void, fold and close, replayed: the books always add up."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from loyalty.core.errors import DomainError
from loyalty.core.money import cents
from loyalty.core.people.models import User
from rewards.closing.queries import last_closed
from rewards.closing.verbs import close_month
from rewards.ledger.folding import fold
from rewards.ledger.invoices import give_back, void
from rewards.ledger.models import CreditLot, Posting
from rewards.ledger.queries import liability
from rewards.ledger.reconciliation import check
from rewards.ledger.rules import PostingKind, breakage_lines
from rewards.ledger.standing import standing_of
from rewards.ledger.verbs import expire_lot, issue_credit, redeem, reverse
from rewards.ledger.writing import write_posting
from tests.faults.clients import granted, offers

START = date(2026, 1, 1)
amounts = st.decimals("0.01", "500.00", places=2)


class Books(RuleBasedStateMachine):
    """Time only goes forward; `owed` is what a person with a pencil would say."""

    finance: User

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.pile = offers(60, Decimal(1), accounts=2)
        self.today = START
        self.owed = Decimal(0)
        self.postings: list[Posting] = []
        self.replays: list[Callable[[], Posting | None]] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    @rule()
    def fold(self) -> None:
        fold()

    @rule(days=st.integers(1, 200))
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(amount=amounts, days=st.integers(0, 400))
    def issue(self, amount: Decimal, days: int) -> None:
        offer = self.pile.pop()
        offer.face_value = amount
        grant, booked_on = granted(offer), self.today
        grant.expires_on = booked_on + timedelta(days=days)
        grant.save(update_fields=["expires_on"])
        self.posted(lambda: issue_credit(grant, booked_on=booked_on, acting_user=None), amount)

    @precondition(lambda self: self.postings)
    @rule(amount=amounts, which=st.integers(0, 99))
    def redeem(self, amount: Decimal, which: int) -> None:
        account, booked_on = self.pick(which).account_id, self.today
        request = f"request-{len(self.replays)}"
        self.posted(
            lambda: redeem(account, amount, "USD", request=request, invoice="1", booked_on=booked_on, acting_user=None),
            -amount,
        )

    @precondition(lambda self: self.postings)
    @rule(which=st.integers(0, 99))
    def expire(self, which: int) -> None:
        lots = list(CreditLot.objects.order_by("id"))
        lot, before = lots[which % len(lots)], liability("USD")
        if self.today <= lot.expires_on:
            with pytest.raises(DomainError, match="can be used until"):
                expire_lot(lot.pk, booked_on=self.today, acting_user=None)
            return
        expired = expire_lot(lot.pk, booked_on=self.today, acting_user=None)
        self.owed -= before - liability("USD")
        assert expire_lot(lot.pk, booked_on=self.today, acting_user=None) is None
        if expired:
            self.postings.append(expired)

    @precondition(lambda self: self.postings)
    @rule(which=st.integers(0, 99))
    def reverse(self, which: int) -> None:
        posting, booked_on, before = self.pick(which), self.today, liability("USD")
        known = Posting.objects.filter(reverses=posting).first()
        if known:
            assert reverse(posting, "Again", acting_user=self.finance, booked_on=known.booked_on) == known
            return
        try:
            undone = reverse(posting, "Wrong", acting_user=self.finance, booked_on=booked_on)
        except DomainError:
            assert liability("USD") == before
            return
        assert before - liability("USD") == self.weight(posting)
        self.owed -= self.weight(posting)
        self.replays.append(lambda: reverse(posting, "Wrong", acting_user=self.finance, booked_on=booked_on))
        self.postings.append(undone)

    @precondition(lambda self: self.postings)
    @rule(which=st.integers(0, 99), share=st.integers(1, 120))
    def refund(self, which: int, share: int) -> None:
        posting, booked_on, before = self.pick(which), self.today, liability("USD")
        amount = cents(abs(self.weight(posting)) * share / 100)
        request = f"refund-{len(self.replays)}"

        def post() -> Posting:
            return give_back(
                posting, amount, request=request, reason="Refund", booked_on=booked_on, acting_user=self.finance
            )

        self.gave_back(post, before)

    @precondition(lambda self: self.postings)
    @rule(which=st.integers(0, 99))
    def void(self, which: int) -> None:
        posting, booked_on, before = self.pick(which), self.today, liability("USD")
        self.gave_back(lambda: void(posting, "Voided", booked_on=booked_on, acting_user=self.finance), before)

    @precondition(lambda self: self.today >= START + timedelta(days=40))
    @rule()
    def close(self) -> None:
        month = (last_closed() or START.replace(day=1) - timedelta(days=1)) + timedelta(days=32)
        before = liability("USD")
        if Posting.objects.exists() and last_closed() is None:
            month = Posting.objects.order_by("booked_on")[0].booked_on
        try:
            close_month(month.replace(day=1), today=self.today, acting_user=self.finance)
        except DomainError:
            return
        assert liability("USD") == before
        with pytest.raises(DomainError, match="nothing can be dated into it"):
            write_posting(
                f"late-{len(self.replays)}",
                PostingKind.BREAKAGE,
                breakage_lines(Decimal(1), "USD"),
                account_id=None,
                cause="Late",
                booked_on=month.replace(day=1),
                acting_user=None,
            )

    @precondition(lambda self: self.replays)
    @rule(which=st.integers(0, 99))
    def replay(self, which: int) -> None:
        count = Posting.objects.count()
        assert self.replays[which % len(self.replays)]() in self.postings
        assert Posting.objects.count() == count

    @invariant()
    def the_books_add_up(self) -> None:
        assert liability("USD") == self.owed

    @invariant()
    def no_lot_is_below_zero_or_over_full(self) -> None:
        for lot in CreditLot.objects.annotate(owed=Sum("lines__amount")):
            assert 0 <= -lot.owed <= lot.amount

    @invariant()
    def the_months_and_the_summaries_are_the_sum_of_the_postings(self) -> None:
        months = [date(START.year + n // 12, n % 12 + 1, 1) for n in range((self.today.year - START.year + 1) * 12)]
        standing = standing_of("USD", months)
        assert standing.holds
        assert standing.rows[-1].closing == self.owed

    def pick(self, which: int) -> Posting:
        return self.postings[which % len(self.postings)]

    def gave_back(self, post: Callable[[], Posting | None], before: Decimal) -> None:
        """Credit comes back, but what comes back to a lot whose day has passed expires at once."""
        try:
            posting = post()
        except DomainError:
            assert liability("USD") == before
            return
        self.owed += liability("USD") - before
        assert not self.over_with_room()
        if posting is not None:
            self.postings += [] if posting in self.postings else [posting]
            self.replays.append(post)

    def over_with_room(self) -> list[int]:
        """Lots that a refund touched, whose day has passed, and that still hold something."""
        touched = CreditLot.objects.filter(lines__posting__kind="give_back", expires_on__lt=self.today)
        return [lot.pk for lot in touched if -sum(line.amount for line in lot.lines.all()) > 0]

    def posted(self, post: Callable[[], Posting], moved: Decimal) -> None:
        before = Posting.objects.count()
        try:
            posting = post()
        except DomainError:
            assert Posting.objects.count() == before
            return
        self.owed += moved
        self.postings.append(posting)
        self.replays.append(post)

    @staticmethod
    def weight(posting: Posting) -> Decimal:
        """By how much the posting raised what is owed."""
        lines = posting.lines.filter(ledger_account__code="credit_liability")
        return -sum((line.amount for line in lines), Decimal(0))

    def check_all(self) -> None:
        assert check().problems == []


class CheckedBooks(Books):
    """The same, with the whole check at the end of every sequence."""

    def teardown(self) -> None:
        try:
            self.check_all()
        finally:
            super().teardown()


def test_the_books_always_add_up(finance: User) -> None:
    CheckedBooks.finance = finance
    run_state_machine_as_test(CheckedBooks, settings=settings(max_examples=25, stateful_step_count=20, deadline=None))
