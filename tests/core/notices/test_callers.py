"""What people are told of without asking: changes, failed work, silent sources; once each."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.sources.models import Source
from accounts.sources.rules import Kind
from accounts.sources.telling import tell_stale
from accounts.sources.verbs import create_source
from loyalty.core.changes import verbs as changes
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.jobs.models import Job
from loyalty.core.jobs.rules import JobState
from loyalty.core.jobs.verbs import end_job
from loyalty.core.notices.models import Notice
from loyalty.core.people.models import User
from tests.factories import MilestoneFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def told(person: User) -> list[str]:
    return list(Notice.objects.filter(person=person).order_by("id").values_list("words", flat=True))


@pytest.fixture
def change(cs: User, product: User, product_colleague: User) -> ChangeRequest:
    milestone = MilestoneFactory(name="First report")
    made = changes.propose_or_apply("milestone", milestone.pk, {"count": 2}, "Two is a habit", acting_user=product)
    assert made is not None
    return made


def test_those_who_may_decide_are_told_that_it_waits(
    change: ChangeRequest, cs: User, product: User, product_colleague: User
) -> None:
    assert told(product_colleague) == ["Change to First report waits for you"]
    assert (told(product), told(cs)) == ([], [])
    assert Notice.objects.get().url == f"/changes/{change.pk}/"


def test_other_terms_wait_anew(change: ChangeRequest, cs: User, product_colleague: User) -> None:
    changes.edit(change.pk, {"count": 3}, "Three", digest=change.digest, acting_user=cs)
    assert told(product_colleague) == ["Change to First report waits for you"] * 2


def test_the_proposer_is_told_of_the_decision(change: ChangeRequest, product: User, product_colleague: User) -> None:
    changes.reject(change.pk, digest=change.digest, note="One is enough", acting_user=product_colleague)
    assert told(product) == ["Change to First report was rejected by Pablo Reyes: One is enough"]


def test_those_who_take_part_are_told_of_a_comment(
    change: ChangeRequest, cs: User, product: User, product_colleague: User
) -> None:
    changes.comment(change.pk, "Why two?", acting_user=product_colleague)
    changes.comment(change.pk, "Because", acting_user=product)
    changes.comment(change.pk, "I see", acting_user=cs)
    assert told(product) == [
        "Pablo Reyes on Change to First report: Why two?",
        "Cleo Martin on Change to First report: I see",
    ]
    assert told(product_colleague)[1:] == [
        "Priya Shah on Change to First report: Because",
        "Cleo Martin on Change to First report: I see",
    ]
    assert told(cs) == []


def test_a_job_that_failed_is_told_to_who_started_it_or_to_the_administrators(administrator: User, cs: User) -> None:
    for starter in (cs, None):
        job = Job.objects.create(kind="import", title="accounts.csv", started_by=starter)
        end_job(job, JobState.FAILED, error="It broke")
        end_job(job, JobState.FAILED, error="It broke")
    assert told(cs) == told(administrator) == ["“accounts.csv” failed: It broke"]
    end_job(Job.objects.create(kind="import", title="done.csv", started_by=cs), JobState.DONE)
    assert len(told(cs)) == 1


def test_a_silence_is_told_once_and_the_next_one_again(administrator: User, cs: User) -> None:
    source = create_source("Product", [Kind.USAGE], acting_user=administrator)
    create_source("Never heard", [Kind.SUPPORT], acting_user=administrator)
    assert tell_stale(NOW) == 0
    for silent_since in (NOW, NOW + timedelta(days=5)):
        Source.objects.filter(pk=source.pk).update(last_received_at=silent_since)
        assert tell_stale(silent_since + timedelta(hours=23)) == 0
        assert (tell_stale(silent_since + timedelta(hours=25)), tell_stale(silent_since + timedelta(days=2))) == (1, 0)
    assert told(administrator) == [
        "No data from Product since 10 Mar 2026, 09:00 UTC: Usage (product, CDP) stand still",
        "No data from Product since 15 Mar 2026, 09:00 UTC: Usage (product, CDP) stand still",
    ]
    assert told(cs) == []
