"""The jobs as people see them."""

from collections.abc import Callable

import pytest
from django.test import Client

from loyalty.core.jobs.models import Job
from loyalty.core.jobs.running import run_next
from loyalty.core.jobs.verbs import start_job
from loyalty.core.people.models import User
from tests.core.jobs.conftest import Counting

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(cs: User, signed_in_as: Callable[[User], Client]) -> Client:
    return signed_in_as(cs)


@pytest.fixture
def job(counting: Counting, cs: User) -> Job:
    return start_job("counting", "Count <all>", {}, acting_user=cs, total=3)


def test_the_list_and_its_filters(desk: Client, job: Job) -> None:
    Job.objects.create(kind="counting", title="Old one", state="failed", error="The disk was full.")
    page = desk.get("/jobs/")
    assert [row.title for row, _ in page.context["rows"]] == ["Old one", "Count <all>"]
    assert "The disk was full." in page.content.decode()
    assert "Count &lt;all&gt;" in page.content.decode()
    assert [r.title for r, _ in desk.get("/jobs/?state=failed").context["rows"]] == ["Old one"]
    assert [r.title for r, _ in desk.get("/jobs/?kind=made-up&state=no").context["rows"]] == ["Old one", "Count <all>"]
    assert "No job like that" in desk.get("/jobs/?state=cancelled").content.decode()


def test_progress_is_polled_until_it_ends(desk: Client, job: Job) -> None:
    waiting = desk.get(f"/jobs/{job.pk}/").content.decode()
    assert f'hx-get="/jobs/{job.pk}/progress"' in waiting
    assert f'action="/jobs/{job.pk}/cancel"' in waiting
    assert "HX-Refresh" not in desk.get(f"/jobs/{job.pk}/progress").headers
    run_next()
    polled = desk.get(f"/jobs/{job.pk}/progress")
    assert polled["HX-Refresh"] == "true"
    assert "hx-get" not in polled.content.decode()
    done = desk.get(f"/jobs/{job.pk}/").content.decode()
    assert f'href="/counted/{job.pk}/"' in done
    assert "<dt>Counted</dt><dd>3</dd>" in done


def test_cancelling(desk: Client, job: Job, finance: User, signed_in_as: Callable[[User], Client]) -> None:
    refused = signed_in_as(finance).post(f"/jobs/{job.pk}/cancel", follow=True)
    assert "Only who started it" in refused.content.decode()
    assert "Cancel</button>" not in signed_in_as(finance).get(f"/jobs/{job.pk}/").content.decode()
    answer = desk.post(f"/jobs/{job.pk}/cancel")
    assert answer["Location"] == f"/jobs/{job.pk}/"
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert desk.post("/jobs/999999/cancel").status_code == 404


def test_csv(desk: Client, job: Job) -> None:
    run_next()
    text = b"".join(desk.get("/jobs/?format=csv").streaming_content).decode("utf-8-sig")
    header, line = text.splitlines()
    assert header.startswith("number,kind,job,state,done,total,started by")
    assert line.startswith(f"{job.pk},Counting,Count <all>,done,3,3,Cleo Martin,")
    assert line.endswith(",Counted: 3,")
