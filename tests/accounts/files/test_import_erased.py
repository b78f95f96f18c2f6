"""Files that name somebody who was erased: nothing comes back, nothing counts twice, and not even the row is kept."""

from pathlib import Path

import pytest

from accounts.contacts.erasure import erase
from accounts.intake.models import RefusedItem
from accounts.records.models import Contact, FeedbackScore
from accounts.usage.models import DailyUsage, Event
from loyalty.core.people.models import User
from tests.accounts.files.files import ACCOUNTS, refused, take

pytestmark = pytest.mark.django_db
GONE = "This contact was erased on request and does not come back."
USE = "usage_id,account_id,contact_id,event,usage_date\n"
ANSWERS = "response_id,account_id,contact_id,nps,answered_at,consent,name\n"


@pytest.fixture
def told(tmp_path: Path) -> Contact:
    """Ada, who acted and answered; both by file."""
    take(tmp_path, "account", ACCOUNTS)
    take(
        tmp_path,
        "usage",
        USE + "ada-lovelace-1,A-1,ada-lovelace,Export,2026-03-01\nof-ada-lovelace,A-1,bob,Export,2026-03-01\n",
    )
    take(tmp_path, "feedback", ANSWERS + "ada-lovelace-nps,A-1,ada-lovelace,9,2026-03-01,,Ada Lovelace\n")
    return Contact.objects.get(external_id="ada-lovelace")


def test_the_same_files_again_change_nothing(tmp_path: Path, told: Contact, cs: User) -> None:
    erase(told, acting_user=cs)
    for kind, line in (("usage", 2), ("feedback", 2)):
        take(tmp_path, kind, (tmp_path / f"{kind}.csv").read_text())
        assert refused(tmp_path, kind) == [[str(line), GONE]]
    assert list(DailyUsage.objects.values_list("events", flat=True)) == [2]
    assert FeedbackScore.objects.count() == 1
    assert not Event.objects.filter(message_id__contains="ada").exists()
    assert set(Contact.objects.values_list("external_id", flat=True)) == {f"erased:{told.pk}", "bob"}


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("feedback", ANSWERS + ",,ada-lovelace,,2026-03-01,yes,Ada Lovelace\n"),
        ("feedback", ANSWERS + "ada-lovelace-8,A-1,ada-lovelace,Ada says nine,2026-03-01,,Ada Lovelace\n"),
        ("usage", USE + "ada-lovelace-77,A-1, ada-lovelace ,Ada,not-a-day\n"),
        ("usage", USE + "ada-lovelace-77,A-1,ada-lovelace,X,2026-03-01,and,more\n"),
        ("usage", USE + 'ada-lovelace-77,A-1,"ada-lovelace"x,"X,2026-03-01\n'),
    ],
)
def test_of_a_refused_row_only_the_line_is_kept(kind: str, rows: str, tmp_path: Path, told: Contact, cs: User) -> None:
    erase(told, acting_user=cs)
    take(tmp_path, kind, rows + "9,none,bob,5,2026-03-01" + ("\n" if kind == "usage" else ",,\n"))
    of_ada, of_bob = RefusedItem.objects.order_by("position")
    assert (of_ada.position, of_ada.message_id, of_ada.raw, of_ada.reason) == (2, "", "[]", GONE)
    assert "bob" in of_bob.raw
    assert [row[:2] for row in refused(tmp_path, kind)] == [["2", GONE], ["3", of_bob.reason]]
    assert "ada" not in str(refused(tmp_path, kind)).lower()
