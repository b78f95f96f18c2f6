"""Words of consent taken in from files of feedback: kept as every other word of the contact is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError

from accounts.contacts.erasure import erase
from accounts.facts.models import FactsDirty
from accounts.intake.files import consents, importing
from accounts.privacy.following import follow_withdrawal
from accounts.privacy.models import Consent
from accounts.privacy.queries import consents as consents_now
from accounts.records.models import Contact, FeedbackScore
from loyalty.core.people.models import User
from tests.accounts.files.files import ACCOUNTS, refused, take
from tests.factories import AccountFactory, ContactFactory

pytestmark = pytest.mark.django_db
HEAD = "contact_id,consent,policy_version,consented_at\n"


@pytest.fixture
def ada() -> Contact:
    return ContactFactory(external_id="u-1", account=AccountFactory(external_id="A-1"))


def words() -> list[tuple[str, bool, str, str, datetime]]:
    told = Consent.objects.order_by("at", "granted")
    return list(told.values_list("contact__external_id", "granted", "policy_version", "source", "at"))


def test_words_come_in_with_their_version_and_day(tmp_path: Path, ada: Contact) -> None:
    rows = "u-1,Granted,2026-03,2026-03-01\nu-1,withdrawn,2026-03,2026-05-01T10:00:00+02:00\nu-1,opted in,,2026-06-01\n"

    said = take(tmp_path, "feedback", HEAD + rows)

    assert "Read 3: 3 new, 0 changed, 0 unchanged (here already), 0 refused" in said
    assert words() == [
        ("u-1", True, "2026-03", "file", datetime(2026, 3, 1, tzinfo=UTC)),
        ("u-1", False, "2026-03", "file", datetime(2026, 5, 1, 8, tzinfo=UTC)),
        ("u-1", True, "", "file", datetime(2026, 6, 1, tzinfo=UTC)),
    ]
    assert consents_now(ada)
    assert FactsDirty.objects.count() == 0


def test_the_same_file_again_changes_nothing(tmp_path: Path, ada: Contact) -> None:
    rows = HEAD + "u-1,yes,2026-03,2026-03-01\nu-1,no,2026-03,2026-05-01\n"
    take(tmp_path, "feedback", rows)

    said = take(tmp_path, "feedback", rows)

    assert "Read 2: 0 new, 0 changed, 2 unchanged (here already), 0 refused" in said
    assert Consent.objects.count() == 2


@pytest.mark.usefixtures("ada")
def test_answers_and_words_stand_in_one_file(tmp_path: Path) -> None:
    head = "response_id,account_id,contact_id,type,score,granted,purpose,date\n"
    rows = "F-1,A-1,u-1,nps,9,,,2026-02-05\n,A-1,u-1,consent,,granted,mail,2026-02-06\n,A-1,u-2,,,no,mail,2026-02-06\n"

    said = take(tmp_path, "feedback", head + rows)

    assert "Read 3: 3 new, 0 changed, 0 unchanged (here already), 0 refused" in said
    assert (FeedbackScore.objects.get().external_id, FeedbackScore.objects.get().kind) == ("F-1", "nps")
    assert [told[:3] for told in words()] == [("u-2", False, "mail"), ("u-1", True, "mail")]
    assert Contact.objects.get(external_id="u-2").account.external_id == "A-1"
    assert list(FactsDirty.objects.values_list("day", flat=True)) == [datetime(2026, 2, 5).date()]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",,u-1,,,perhaps,,2026-02-05", "granted “perhaps” is neither granted nor withdrawn."),
        (",,u-1,,,yes,Ada's own,2026-02-05", "policy_version “Ada's own” is not a short name such as 2026-03."),
        (",,u-1,,,yes,,", "date is empty."),
        (",,,,,yes,,2026-02-05", "A word of consent needs a contact."),
        (
            ",,u-9,,,yes,,2026-02-05",
            "There is no contact u-9. Name the account too, or import first what the contact did.",
        ),
        (",A-9,u-1,,,yes,,2026-02-05", "There is no account A-9. Import the accounts first."),
        (",A-2,u-1,,,yes,,2026-02-05", "The contact u-1 belongs to another account."),
        (",,u-1,,,yes,,2226-02-05", "The word of consent is dated ahead."),
        (",,u-1,nps,,yes,,2026-02-05", "The row says that it is nps, and has no score."),
        ("F-1,A-1,u-1,consent,9,,,2026-02-05", "The row says that it is consent, and has a score."),
        ("F-1,A-1,u-1,,9,yes,,2026-02-05", "The row has a score and a word of consent. Make two rows of it."),
        ("F-1,A-1,u-1,,,,,2026-02-05", "The row has neither a score nor a word of consent."),
        (",A-1,u-1,,9,,,2026-02-05", "An answer needs an id."),
        ("F-1,,u-1,,9,,,2026-02-05", "An answer needs an account."),
        ("F-1,A-1,u-1,csat,9,,,2026-02-05", "A CSAT score is from 1 to 5."),
    ],
)
@pytest.mark.usefixtures("ada")
def test_what_is_no_word_is_refused(tmp_path: Path, row: str, reason: str) -> None:
    AccountFactory(external_id="A-2")

    take(tmp_path, "feedback", f"response_id,account_id,contact_id,type,score,granted,policy_version,date\n{row}\n")

    assert [found[1] for found in refused(tmp_path, "feedback")] == [reason]
    assert (Consent.objects.count(), FeedbackScore.objects.count(), Contact.objects.count()) == (0, 0, 1)


@pytest.mark.usefixtures("ada")
def test_a_word_told_twice_is_refused_the_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 2)

    take(tmp_path, "feedback", HEAD + "u-1,yes,1,2026-03-01\nu-1,no,1,2026-03-01\nu-1,y,1,2026-03-01T00:00:00Z\n")

    assert [found[:2] for found in refused(tmp_path, "feedback")] == [
        ["4", "The row is repeated: it stands in line 2 already."]
    ]
    assert [told[1] for told in words()] == [False, True]


def test_who_was_erased_does_not_come_back(tmp_path: Path, ada: Contact, administrator: User) -> None:
    erase(ada, acting_user=administrator)
    before = Consent.objects.count()

    take(tmp_path, "feedback", HEAD + "u-1,yes,1,2026-03-01\n")

    assert refused(tmp_path, "feedback")[0][1] == "This contact was erased on request and does not come back."
    assert Consent.objects.count() == before


def test_whoever_withdraws_is_told_to_the_other_rooms_once_and_for_all_words(
    tmp_path: Path, ada: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consents, "TOLD_AT_ONCE", 1)
    other = ContactFactory(external_id="u-2", account=ada.account)
    told: list[int] = []
    monkeypatch.setattr("accounts.privacy.following._followers", {})
    follow_withdrawal("test", told.extend)
    day = datetime(2026, 3, 1, tzinfo=UTC)
    rows = [f"u-1,{'no' if n % 2 else 'yes'},1,{(day + timedelta(days=n)).date()}" for n in range(3)]

    take(tmp_path, "feedback", HEAD + "\n".join(rows) + "\nu-2,no,1,2026-03-01\n")

    assert told == [other.pk]


def test_a_file_without_score_and_consent_is_refused_as_a_whole(tmp_path: Path) -> None:
    take(tmp_path, "account", ACCOUNTS)

    with pytest.raises(CommandError, match="One of score and granted is needed"):
        take(tmp_path, "feedback", "contact_id,date\nu-1,2026-03-01\n")
    with pytest.raises(CommandError, match="No column was found for contact"):
        take(tmp_path, "feedback", "consent,date\nyes,2026-03-01\n")
    with pytest.raises(CommandError, match="No column was found for external_id, account"):
        take(tmp_path, "feedback", "score,date\n9,2026-03-01\n")
