"""Customer Success takes the past in from a file: look first, say what the columns are, mend what was refused."""

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from accounts.intake.files import importing
from accounts.privacy.models import Consent
from accounts.records.models import Account, Contact
from loyalty.core.jobs.rules import SLICE
from loyalty.core.jobs.running import run_next
from loyalty.core.people.models import User
from tests.factories import AccountFactory
from tests.factories.people import PASSWORD
from tests.journeys.visitor import Visitor

ROWS = [
    ["nr", "title", "Employees", "since", "comment"],
    ["A-1", "Northwind Traders", "120", "2025-03-01", "=HYPERLINK(A1)"],
    ["A-2", "", "8", "2025-04-01", "no name"],
    ["A-3", "Zoë & Söhne", "12", "2025-05-01", ""],
    ["A-4", "Late Ltd", "40", "soon", "+1"],
    ["A-5", "Blue Yonder", "900", "2025-06-01", 'says "hello"'],
]
NAMES = {"nr": "external_id", "title": "name", "since": "signed_up_on"}


def upload(person: Visitor, kind: str, name: str, rows: list[list[str]]) -> None:
    """Choose a file and what its rows are, and have it looked at."""
    told = StringIO(newline="")
    csv.writer(told).writerows(rows)
    person.follow("Events")
    person.page.get_by_role("link", name="Import a file").first.click()
    person.page.get_by_label("What the rows are").select_option(label=kind)
    person.page.get_by_label("File", exact=True).set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": told.getvalue().encode()}
    )
    with person.page.expect_navigation():
        person.page.get_by_role("button", name="Upload and look").click()


def figure(person: Visitor, name: str) -> Locator:
    return person.page.locator(".figure").filter(has_text=name).locator("dd")


def test_a_file_is_looked_at_mapped_taken_in_and_its_refused_rows_fetched(
    enter: Callable[[], Visitor], cs: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 2)
    monkeypatch.setattr("loyalty.core.jobs.running.SLICE", SLICE * 0)
    cleo = enter()
    cleo.sign_in(cs.username, PASSWORD)
    upload(cleo, "Accounts (CRM)", "customers.csv", ROWS)
    expect(cleo.page.get_by_role("alert")).to_contain_text("No column was found for external_id, name")
    expect(cleo.page.get_by_role("button", name="Import", exact=True)).to_have_count(0)
    cleo.inspect("import-not-mapped")

    for column, field in NAMES.items():
        cleo.page.get_by_label(column, exact=True).select_option(field)
    cleo.page.get_by_role("button", name="Look again with these columns").click()
    refused = cleo.page.get_by_role("region", name="What would be refused")
    expect(refused).to_contain_text("Of the first 5 rows 2 would be refused now")
    expect(refused.get_by_role("row").nth(1)).to_contain_text("title is empty.")
    expect(cleo.page.get_by_label("Employees")).to_have_value("employee_count")
    cleo.inspect("import-preview")
    assert Account.objects.count() == 0

    cleo.page.get_by_role("button", name="Import", exact=True).click()
    progress = cleo.page.get_by_role("region", name="Progress")
    expect(progress).to_contain_text("0 of")
    run_next()
    expect(progress).to_contain_text("3 of 6")
    expect(progress.get_by_role("button", name="Cancel")).to_be_visible()
    cleo.inspect("import-running", briefly=True)
    while run_next():
        pass
    expect(cleo.page.get_by_text("Done", exact=True).first).to_be_visible()

    cleo.page.get_by_role("link", name="What came of it").click()
    for name, count in (("Rows read", "5"), ("New", "3"), ("Refused", "2"), ("Here already", "0")):
        expect(figure(cleo, name)).to_have_text(count)
    cleo.inspect("import-done")
    assert sorted(Account.objects.values_list("name", flat=True)) == ["Blue Yonder", "Northwind Traders", "Zoë & Söhne"]

    with cleo.page.expect_download() as download:
        cleo.page.get_by_role("link", name="The 2 refused rows, with reasons").click()
    download.value.save_as(tmp_path / "refused.csv")
    with (tmp_path / "refused.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert list(csv.reader(stream)) == [
            ["line", "reason", *ROWS[0]],
            ["3", "title is empty.", *ROWS[2]],
            ["5", "since “soon” is not a day such as 2026-11-14.", *ROWS[4][:4], "'+1"],
        ]
    cleo.page.get_by_role("link", name="All files").click()
    expect(cleo.page.get_by_role("row").filter(has_text="customers.csv")).to_contain_text("Done")
    cleo.inspect("import-files")


def test_words_of_consent_come_in_as_feedback(enter: Callable[[], Visitor], cs: User) -> None:
    AccountFactory(external_id="A-1", name="Northwind Traders")
    cleo = enter()
    cleo.sign_in(cs.username, PASSWORD)
    rows = [["contact_id", "account_id", "consent", "policy_version", "consented_at"]]
    rows += [["ann", "A-1", "granted", "2026-03", "2026-03-02"], ["ben", "A-1", "perhaps", "2026-03", "2026-03-02"]]

    upload(cleo, "Feedback (NPS, CSAT, consent)", "consents.csv", rows)
    refused = cleo.page.get_by_role("region", name="What would be refused")
    expect(refused).to_contain_text("consent “perhaps” is neither granted nor withdrawn.")
    cleo.inspect("import-consents", briefly=True)
    cleo.page.get_by_role("button", name="Import", exact=True).click()
    run_next()
    expect(cleo.page.get_by_text("Done", exact=True).first).to_be_visible()

    word = Consent.objects.get()
    assert (word.contact, word.granted, word.policy_version) == (
        Contact.objects.get(external_id="ann"),
        True,
        "2026-03",
    )
