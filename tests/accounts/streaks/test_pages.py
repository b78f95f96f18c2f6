"""Streaks and tracks in the browser: seeing, editing, previewing, restoring."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.conditions.queries import matching, vocabulary
from accounts.conditions.rules.tree import Compare, Sign
from accounts.streaks.models import Streak, StreakReach
from accounts.streaks.queries import measure
from accounts.streaks.rules import StreakKind
from accounts.streaks.shipped import ensure_shipped
from accounts.streaks.verbs import values_of
from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve
from loyalty.core.people.models import User
from tests.accounts.streaks.by_hand import Done
from tests.accounts.streaks.company import do, serve
from tests.factories import AccountFactory, streak_factory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def form_of(streak: Streak, **changed: object) -> dict[str, object]:
    values = {**values_of(streak), "reason": "Two is a habit", **changed}
    return {name: "" if value is None else value for name, value in values.items()}


def in_a_row(name: str, days: int, ago: int = 1) -> None:
    """Exports on some days in a row, the last of them `ago` days before today."""
    acme = AccountFactory(name=name)
    last = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=ago)
    do(acme, *(Done(last - timedelta(days=n)) for n in reversed(range(days))))
    serve(timezone.now().date())


def test_the_lists_with_counts_and_csv(cs: User, signed_in_as: SignIn) -> None:
    streak = streak_factory(name="Exports", length=3)
    track = streak_factory(StreakKind.TRACK, name="Breadth", features=2, active_days=2, length=2)
    in_a_row("Acme", 3)
    in_a_row("Beta", 2)
    client = signed_in_as(cs)
    page = client.get("/milestones/streaks/")
    assert [(row, row.reached_recently, row.reached) for row in page.context["rows"]] == [(streak, 1, 1)]
    assert "“Report Exported” on 3 days in a row" in page.content.decode()
    assert list(client.get("/milestones/tracks/").context["rows"]) == [track]
    lines = b"".join(client.get("/milestones/streaks/?format=csv")).decode().splitlines()
    assert lines[1:] == ["Exports,“Report Exported” on 3 days in a row,live,1,1,1"]
    assert list(client.get("/milestones/streaks/?status=draft").context["rows"]) == []
    assert "New streak" not in page.content.decode()


def test_an_edit_of_a_live_one_is_decided_by_a_colleague_and_can_be_restored(
    product: User, product_colleague: User, signed_in_as: SignIn
) -> None:
    streak = streak_factory(length=3)
    in_a_row("Acme", 3)
    in_a_row("Beta", 2)
    client = signed_in_as(product)
    client.post(f"/milestones/streaks/{streak.pk}/edit", form_of(streak, length=2))
    change = ChangeRequest.objects.get()
    streak.refresh_from_db()
    assert streak.length == 3, "nothing has changed yet"
    assert change.impact == [
        "2 days in a row: 2 accounts reached it in the last 365 days, 1 more than now.",
        "Adds 1 account: Beta.",
    ]
    approve(change.pk, digest=change.digest, acting_user=product_colleague)
    streak.refresh_from_db()
    assert (streak.length, streak.version) == (2, 2)
    assert AuditLine.objects.filter(verb="edited", object_type="streak", object_id=streak.pk).count() == 1

    page = client.get(f"/milestones/streaks/{streak.pk}/?version=1")
    assert page.context["form"].initial["length"] == 3
    assert page.context["form"].initial["reason"] == "Back to version 1"


def test_others_make_no_draft(cs: User, product: User, signed_in_as: SignIn) -> None:
    asked = {"name": "Sign-ins", "action": "sign_in", "pace": "week", "length": 4, "within_days": ""}
    assert signed_in_as(cs).post("/milestones/streaks/new/", asked).status_code == 403
    assert not Streak.objects.exists()
    signed_in_as(product).post("/milestones/streaks/new/", asked)
    made = Streak.objects.get()
    assert (made.status, made.terms.in_words()) == ("draft", "A sign-in at least once a week, 4 weeks in a row")


def test_errors_stand_beside_their_fields(product: User, signed_in_as: SignIn) -> None:
    asked = {"name": "Exports", "action": "event", "event_name": " ", "pace": "day", "length": 0}
    answer = signed_in_as(product).post("/milestones/streaks/new/", asked)
    assert (answer.status_code, sorted(answer.context["form"].errors)) == (422, ["event_name", "length"])
    assert not Streak.objects.exists()


def test_a_draft_is_copied_from_another(product: User, signed_in_as: SignIn) -> None:
    track = streak_factory(StreakKind.TRACK, name="Breadth", features=4, active_days=2, length=6)
    form = signed_in_as(product).get(f"/milestones/tracks/new/?of={track.pk}").context["form"]
    assert (form.initial["name"], form.initial["features"], form.initial["length"]) == ("Copy of Breadth", 4, 6)


def test_the_preview_counts_what_nobody_has_counted_yet(product: User, signed_in_as: SignIn) -> None:
    in_a_row("Acme", 3)
    in_a_row("Beta", 2, ago=200)
    in_a_row("Long ago", 3, ago=400)
    asked = {"action": "event", "event_name": "Report Exported", "pace": "day", "length": 2}
    page = signed_in_as(product).get("/milestones/streaks/preview", asked).content.decode()
    assert "2 days in a row: 2 accounts reached it in the last 365 days." in page
    assert (
        "Complete the event"
        in signed_in_as(product).get("/milestones/streaks/preview", {"length": "x"}).content.decode()
    )


@pytest.mark.parametrize("pace", ["day", "working_day", "week"])
def test_the_preview_and_the_runs_agree(pace: str) -> None:
    for n, days in enumerate((2, 9, 15)):
        in_a_row(f"Company {n}", days, ago=10 * n + 1)
    kept = streak_factory(length=2, pace=pace)
    before = measure(kept.terms, None)
    assert before.reached > 0
    assert not StreakReach.objects.exists(), "nobody has counted yet"
    serve(timezone.now().date())
    assert measure(kept.terms, None) == before
    reached = StreakReach.objects.filter(streak=kept, joined=False).values("account").distinct().count()
    assert before.reached == reached


def test_the_shipped_ones_are_made_once_and_live() -> None:
    made = ensure_shipped(effective_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert [s.pk for s in ensure_shipped()] == [s.pk for s in made]
    assert [s.terms.in_words() for s in made] == [
        "Any key action on 5 working days in a row, within 90 days of sign-up",
        "A sign-in at least once a week, 4 weeks in a row, within 90 days of sign-up",
        "At least 5 different features on at least 3 days in each of 8 weeks running",
    ]
    assert {s.status for s in made} == {"live"}


def test_rules_may_ask_of_streaks() -> None:
    streak = streak_factory(name="Exports", key="exports", length=3)
    in_a_row("Acme", 3)
    in_a_row("Beta", 2, ago=9)
    words = vocabulary()
    assert words["current_streak_exports"].label == "Current streak of Exports"
    current, best = (Compare(f"{place}_streak_{streak.key}", Sign.AT_LEAST, 2) for place in ("current", "best"))
    assert [name for _, name in matching(current, words).sample] == ["Acme"]
    assert [name for _, name in matching(best, words).sample] == ["Acme", "Beta"]
    assert matching(current, words, day=date(2020, 1, 1)).count == 0
