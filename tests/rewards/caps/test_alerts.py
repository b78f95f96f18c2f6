"""Marks of a cap: who is told, of which, and that nobody is told twice."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.test import Client
from django.utils import timezone

from loyalty.core.changes.verbs import approve, propose_or_apply
from loyalty.core.figures import day_text
from loyalty.core.notices.models import Notice
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from loyalty.core.periods import month_of
from rewards.caps.alerts import tell_alerts
from rewards.caps.models import Cap, CapAlert, CapPeriod
from rewards.caps.rules import CapPeriodKind, CapScope, Use
from rewards.caps.setting import NewCap, create_cap
from tests.concurrency import at_once
from tests.factories import CampaignFactory, CapFactory, OfferFactory, PersonFactory

TODAY = date(2026, 3, 10)
SignIn = Callable[[User], Client]


def used(cap: Cap, amount: int, *, day: date = TODAY) -> None:
    """Let a cap have an amount committed in its month; offers are not what is looked at."""
    month = month_of(day)
    CapPeriod.objects.update_or_create(
        cap=cap, starts_on=month.starts_on, defaults={"ends_on": month.ends_on, "reserved": Decimal(amount)}
    )


def told(person: User) -> list[str]:
    words = Notice.objects.filter(person=person).order_by("id").values_list("words", flat=True)
    return [text.replace("\N{NO-BREAK SPACE}", " ") for text in words]


@pytest.mark.django_db
def test_each_mark_is_told_once_in_a_period_however_often_it_is_passed(finance: User, cs: User) -> None:
    cap = CapFactory(name="All")
    for amount in (499, 500, 799, 400, 800, 300, 850, 1000):
        used(cap, amount)
        tell_alerts(TODAY)
        tell_alerts(TODAY)
    assert told(finance) == [
        "The cap “All” has reached 50 %: $500.00 of $1,000.00 committed until 1 Apr 2026",
        "The cap “All” has reached 80 %: $800.00 of $1,000.00 committed until 1 Apr 2026",
        "The cap “All” is used up: $1,000.00 of $1,000.00 committed until 1 Apr 2026",
    ]
    assert told(cs) == []
    assert Notice.objects.earliest("id").url == f"/caps/{cap.pk}/?period=2026-03-01"
    april = date(2026, 4, 2)
    used(cap, 600, day=april)
    assert (tell_alerts(april), tell_alerts(TODAY)) == (1, 0)


@pytest.mark.django_db
def test_of_marks_passed_in_one_step_the_highest_is_told_and_the_others_are_never(finance: User) -> None:
    cap = CapFactory(name="Workshops", measure="occurrences", limit=Decimal(5))
    used(cap, 4)
    assert tell_alerts(TODAY) == 1
    used(cap, 3)
    assert tell_alerts(TODAY) == 0
    assert told(finance) == ["The cap “Workshops” has reached 80 %: 4 of 5 occurrences committed until 1 Apr 2026"]


@pytest.mark.django_db
def test_the_database_marks_what_the_rule_marks() -> None:
    caps = [CapFactory(name=str(n), limit=Decimal("90.00"), scope="account", scope_key=str(n)) for n in range(100)]
    for number, cap in enumerate(caps):
        used(cap, number)
    PersonFactory(functions=[Function.FINANCE])
    tell_alerts(TODAY)
    for number, cap in enumerate(caps):
        marks = CapAlert.objects.filter(period__cap=cap).values_list("mark", flat=True)
        assert max(marks, default=0) == Use(Decimal(90), Decimal(number)).alert, number


@pytest.mark.django_db
def test_whose_offers_it_limits_is_told_too(finance: User, cs: User, product: User) -> None:
    campaign = CampaignFactory(owner_function="product")
    used(CapFactory(name="Ours", scope="campaign", scope_key=str(campaign.pk)), 600)
    used(CapFactory(name="Theirs", scope="function", scope_key="cs"), 600)
    tell_alerts(TODAY)
    assert [len(told(person)) for person in (finance, cs, product)] == [2, 1, 1]
    assert ["Ours" in told(product)[0], "Theirs" in told(cs)[0]] == [True, True]


@pytest.mark.django_db
def test_what_limits_nothing_and_a_stop_that_was_just_set_tell_nothing(finance: User) -> None:
    used(CapFactory(is_active=False), 900)
    used(CapFactory(scope="function", scope_key="cs", limit=Decimal(0)), 0)
    used(CapFactory(scope="function", scope_key="product"), 900, day=TODAY - timedelta(days=40))
    assert tell_alerts(TODAY) == 0
    assert told(finance) == []


@pytest.mark.django_db
def test_a_limit_below_what_is_committed_is_told_at_once_and_another_name_is_not(
    finance: User, finance_colleague: User, signed_in_as: SignIn
) -> None:
    OfferFactory()  # it reserves $300.00
    terms = NewCap("All", CapScope.PROGRAMME, "", CapPeriodKind.MONTH, Decimal(300), True)
    cap = create_cap(terms, acting_user=finance)
    ends_on = day_text(month_of(timezone.now().date()).ends_on)
    for asked in ({"limit": "400"}, {"name": "Everything"}, {"limit": "200"}):
        change = propose_or_apply("cap", cap.pk, asked, "So", acting_user=finance)
        assert change is not None
        approve(change.pk, digest=change.digest, acting_user=finance_colleague)
    assert tell_alerts(timezone.now().date()) == 0
    caps_told = [words for words in told(finance) if words.startswith("The cap")]
    assert caps_told == [
        f"The cap “All” is used up: $300.00 of $300.00 committed until {ends_on}",
        f"The cap “All” has reached 50 %: $300.00 of $400.00 committed until {ends_on}",
        f"The cap “Everything” has more committed than its limit: $300.00 of $200.00 committed until {ends_on}",
    ]
    client, today = signed_in_as(finance), day_text(timezone.now().date())
    page = client.get(f"/caps/{cap.pk}/").content.decode()
    assert page.count(f">{today}</time>") >= 3
    assert "Told at 50&nbsp;% on" in page
    assert "told at 100&nbsp;% on" in client.get("/caps/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_once() -> None:
    finance = PersonFactory(functions=[Function.FINANCE])
    caps = [CapFactory(scope="account", scope_key=str(n)) for n in range(20)]
    for cap in caps:
        used(cap, 900)
    told_by = [count for count in at_once([partial(tell_alerts, TODAY)] * 4) if isinstance(count, int)]
    assert (len(told_by), sum(told_by)) == (4, 20)
    assert Notice.objects.filter(person=finance).count() == 20
