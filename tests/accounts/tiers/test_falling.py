"""The warning before a step down: whom it names, when, to what and why; and that it reaches Customer Success."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any

import pytest
from django.test import Client

from accounts.records.models import Account
from accounts.tiers.falling import by_account, falling, falling_ids
from accounts.tiers.following import place_all
from accounts.tiers.models import TierScheme, TierWarning
from accounts.tiers.warning import warn_of_steps_down, warnings_since
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from tests.accounts.tiers.test_following import FIRST, day, scheme, seats
from tests.concurrency import at_once
from tests.factories import AccountFactory, PersonFactory

pytestmark = pytest.mark.django_db
FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
SignIn = Callable[[User], Client]

# Seats by day; the tier held, what it falls to, and when (days from the first), with a grace period of 5 days.
FALLS = [
    ([120, 90, 90], "Platinum", "Gold", 5),
    ([120, 90, 10], "Platinum", "Gold", 5),  # the grace period of Gold is not over then
    ([120, 10, 10], "Platinum", "Silver", 5),
    ([30, 0], "Gold", "", 5),
    ([10, 30, None], "Gold", "", 6),
]  # fmt: skip


@pytest.mark.parametrize(("values", "tier", "falls_to", "on"), FALLS)
def test_what_it_falls_to_and_when_is_what_happens(values: list[int | None], tier: str, falls_to: str, on: int) -> None:
    kept, account = scheme(), AccountFactory()
    seats(account, values)
    place_all(FIRST, day(len(values) - 1))

    (told,) = falling(kept.scheme)

    assert (told.tier, told.falls_to, told.falls_on) == (tier, falls_to, day(on))
    later = [values[-1]] * (on + 1 - len(values))
    seats(account, later, start=len(values))
    place_all(day(len(values)), day(on))
    held = account.facts.order_by("day").values_list("tier", flat=True)
    names = {step.key: step.name for step in kept.scheme.steps}
    assert [names.get(key or "", "") for key in held][on - 1 : on + 1] == [tier, falls_to]


def test_it_says_why_in_words() -> None:
    kept, falls, unknown = scheme(), AccountFactory(name="Falls"), AccountFactory(name="Unknown")
    seats(falls, [120, 90])
    seats(unknown, [30, None])
    place_all(FIRST, day(1))

    told = {one.name: (one.headline, one.why) for one in falling(kept.scheme)}

    assert told == {
        "Falls": (
            "Platinum to Gold on 6 Aug 2026",
            "Active seats: 90; Platinum begins at 101."
            " It last earned Platinum on 1 Aug 2026 and keeps it for the grace period after that.",
        ),
        "Unknown": (
            "Gold to no tier on 6 Aug 2026",
            "Active seats: not known; Gold begins at 26."
            " It last earned Gold on 1 Aug 2026 and keeps it for the grace period after that.",
        ),
    }


@pytest.mark.parametrize(
    ("renews", "headline"),
    [
        (date(2026, 9, 1), "Platinum to Gold on 1 Sep 2026"),
        (None, "Platinum to Gold at its renewal, which is not known"),
    ],
)
def test_by_renewal_it_falls_when_it_renews(renews: date | None, headline: str) -> None:
    kept, account = scheme(policy="renewal"), AccountFactory()
    seats(account, [120, 30, 90], renews=renews)
    place_all(FIRST, day(2))

    assert [one.headline for one in falling(kept.scheme)] == [headline]


@pytest.fixture
def warned(cs: User) -> dict[str, Account]:
    """Mine and Other are about to fall, Steady is not; Mine is in the book of `cs`."""
    scheme()
    accounts = {
        "Mine": AccountFactory(name="Mine", cs_manager=cs),
        "Other": AccountFactory(name="Other", cs_manager=PersonFactory()),
        "Steady": AccountFactory(name="Steady", cs_manager=cs),
    }
    for name, values in {"Mine": [120, 90], "Other": [30, 10], "Steady": [30, 30]}.items():
        seats(accounts[name], values)
    place_all(FIRST, day(1))
    return accounts


def test_all_or_some_of_them(warned: dict[str, Account], cs: User) -> None:
    kept = TierScheme.objects.get().scheme
    mine, other, steady = (warned[name].pk for name in ("Mine", "Other", "Steady"))
    assert sorted(falling_ids(kept)) == [mine, other]
    assert set(by_account(falling(kept, manager_id=cs.pk))) == {mine}
    assert set(by_account(falling(kept, account_ids=[other, steady]))) == {other}


def test_one_that_the_night_has_not_come_by_yet_is_warned_of_too(warned: dict[str, Account]) -> None:
    seats(warned["Steady"], [30], start=2)
    assert len(falling_ids(TierScheme.objects.get().scheme)) == 2


def test_the_list_of_accounts_warns_and_is_filtered(warned: dict[str, Account], cs: User, signed_in_as: SignIn) -> None:
    browser = signed_in_as(cs)
    page = browser.get("/accounts/").content.decode()
    assert page.count("Platinum to Gold on 6 Aug 2026") == page.count("Gold to Silver on 6 Aug 2026") == 1
    shown: Any = browser.get("/accounts/?falling=yes&mine=yes").context["lines"]
    assert [line.account.name for line in shown] == ["Mine"]
    response: Any = browser.get("/accounts/?falling=yes&format=csv")
    rows = list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert [(row["account"], row["steps_down"]) for row in rows] == [
        ("Mine", "Platinum to Gold on 6 Aug 2026"),
        ("Other", "Gold to Silver on 6 Aug 2026"),
    ]


def test_the_page_of_the_account_warns_also_in_brief(
    warned: dict[str, Account], cs: User, signed_in_as: SignIn
) -> None:
    browser = signed_in_as(cs)
    words = "About to step down: Platinum to Gold on 6 Aug 2026."
    assert words in browser.get(f"/accounts/{warned['Mine'].pk}/").content.decode()
    assert words in browser.get(f"/accounts/{warned['Mine'].pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "data-falling" not in browser.get(f"/accounts/{warned['Steady'].pk}/").content.decode()
    # On a past day it says what was so then.
    assert "data-falling" not in browser.get(f"/accounts/{warned['Mine'].pk}/?day={FIRST}").content.decode()


def test_each_step_down_is_warned_of_once(warned: dict[str, Account], cs: User, signed_in_as: SignIn) -> None:
    assert warn_of_steps_down() == 2
    assert warn_of_steps_down() == 0
    kept = warnings_since(FIRST_MOMENT)
    told = [(w.account.name, w.tier.name, w.falls_to and w.falls_to.name, w.falls_on, w.manager) for w in kept]
    assert sorted(told)[:1] == [("Mine", "Platinum", "Gold", day(5), cs)]
    page = signed_in_as(cs).get(f"/accounts/{warned['Mine'].pk}/").content.decode()
    assert f"{cs.display_name} was warned" in page

    # It earns its tier again, and loses it once more: another day, another warning.
    seats(warned["Mine"], [120, 90], start=2)
    seats(warned["Other"], [10, 10], start=2)
    place_all(day(2), day(3))
    assert warn_of_steps_down() == 1
    days = [w.falls_on for w in warnings_since(FIRST_MOMENT) if w.account == warned["Mine"]]
    assert days == [day(5), day(7)]


@pytest.mark.django_db(transaction=True)
def test_two_workers_warn_once(transactional_db: None) -> None:
    scheme()
    for n in range(5):
        seats(AccountFactory(name=f"Account {n}"), [120, 90])
    place_all(FIRST, day(1))
    counts = at_once([warn_of_steps_down] * 4)
    assert sorted(map(str, counts)) == ["0", "0", "0", "5"]
    assert TierWarning.objects.count() == 5


@pytest.mark.parametrize("renews", [None, date(2026, 9, 1)])
def test_a_renewal_that_is_not_known_is_warned_of_once_too(renews: date | None) -> None:
    scheme(policy="renewal")
    seats(AccountFactory(), [120, 90], renews=renews)
    place_all(FIRST, day(1))
    assert [warn_of_steps_down(), warn_of_steps_down()] == [1, 0]
    assert TierWarning.objects.get().falls_on == renews


def test_the_morning_of_cs_has_those_of_ones_own_book(
    warned: dict[str, Account], cs: User, product: User, signed_in_as: SignIn
) -> None:
    page = signed_in_as(cs).get("/").content.decode()
    assert "1 account of your book is about to step down a tier" in page
    assert "Platinum to Gold on 6 Aug 2026" in page
    assert "Gold to Silver" not in page
    everything = signed_in_as(PersonFactory(functions=[Function.CS])).get("/").content.decode()
    assert "2 accounts are about to step down a tier" in everything
    assert "step down" not in signed_in_as(product).get("/").content.decode()
