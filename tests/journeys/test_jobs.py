"""Long work: a file is taken in as a job with its bar and its figures, and one that has not begun is taken back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from accounts.records.models import Account
from loyalty.core.jobs.models import Job
from loyalty.core.jobs.running import run_next
from loyalty.core.people.models import User
from tests.factories.people import PASSWORD
from tests.journeys.visitor import Visitor

ROWS = "account_id,account_name,signup_date\nA-1,Acme,2026-01-05\nA-2,,2026-01-06\nA-3,Beta,2026-01-07\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def start(window: Visitor, file: Path) -> None:
    """Upload a file of accounts, look at it, and have it taken in."""
    window.follow("Events")
    window.page.get_by_role("link", name="Import a file").click()
    window.page.get_by_label("What the rows are").select_option("account")
    window.page.get_by_label("File", exact=True).set_input_files(file)
    window.page.get_by_role("button", name="Upload and look").click()
    expect(window.page.get_by_role("region", name="What would be refused")).to_contain_text("account_name is empty.")
    window.page.get_by_role("button", name="Import", exact=True).click()


def test_a_file_is_taken_in_as_a_job(enter: Callable[[], Visitor], cs: User, file: Path) -> None:
    cleo = enter()
    cleo.sign_in(cs.username, PASSWORD)
    cleo.follow("Jobs")
    cleo.inspect("jobs-empty")
    start(cleo, file)
    expect(cleo.page.get_by_text("Waiting for a worker").first).to_be_visible()
    cleo.inspect("job-queued")
    run_next()
    # The bar polls; once the job has finished the page around it is loaded anew.
    expect(cleo.page.get_by_text("Done").first).to_be_visible()
    cleo.inspect("job-done")
    cleo.page.get_by_role("link", name="What came of it").click()
    expect(cleo.page.get_by_role("link", name="The 1 refused rows, with reasons")).to_be_visible()
    cleo.inspect("import-done")
    cleo.follow("Jobs")
    expect(cleo.page.get_by_role("row").filter(has_text="accounts.csv")).to_contain_text("Done")
    cleo.inspect("jobs")
    assert sorted(Account.objects.values_list("external_id", flat=True)) == ["A-1", "A-3"]


@pytest.mark.parametrize("scripts", [True, False], ids=["", "without scripts"])
def test_a_job_that_has_not_begun_is_taken_back(
    enter: Callable[..., Visitor], cs: User, file: Path, scripts: bool
) -> None:
    cleo = enter(scripts=scripts)
    cleo.sign_in(cs.username, PASSWORD)
    start(cleo, file)
    cleo.page.get_by_role("button", name="Cancel").click()
    expect(cleo.page.get_by_text("Cancelled").first).to_be_visible()
    assert run_next() is None
    assert (Job.objects.get().state, Account.objects.count()) == ("cancelled", 0)
