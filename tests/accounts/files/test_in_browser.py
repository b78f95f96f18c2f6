"""A file in the browser: upload, look, say what the columns are, have it taken in, fetch what was refused."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.intake.files import importing, rules, running, uploads
from accounts.intake.files.models import FileChunk, FileRefusal, FileUpload
from accounts.intake.models import IntakeBatch, RefusedItem
from accounts.records.models import Account
from accounts.sources.models import Source
from loyalty.core.audit.models import AuditLine
from loyalty.core.jobs.models import Job
from loyalty.core.jobs.rules import SLICE
from loyalty.core.jobs.running import run_next
from loyalty.core.people.models import User
from tests.accounts.files.files import ACCOUNTS

pytestmark = pytest.mark.django_db
TWO_OF_FOUR = (
    "account_id,account_name,signup_date\n"
    "A-1,Acme,2026-01-05\n"
    "A-2,,2026-01-06\n"
    "A-3,=SUM(A1),2026-01-07\n"
    "A-1,Acme again,2026-01-08\n"
)


@pytest.fixture
def desk(cs: User, signed_in_as: Callable[[User], Client]) -> Client:
    return signed_in_as(cs)


def upload(client: Client, content: str | bytes, *, kind: str = "account", name: str = "accounts.csv") -> Any:
    file = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    return client.post("/events/import/", {"kind": kind, "file": file})


def start(client: Client, **columns: str) -> Any:
    return client.post(f"/events/import/{FileUpload.objects.get().pk}/start", {"start": "1", **columns})


def test_columns_of_one_name_go_in_as_the_look_showed_them(desk: Client) -> None:
    upload(desk, "account_id,account_name,account_name\nA-1,Acme,Acme Inc\n")
    columns = desk.get(f"/events/import/{FileUpload.objects.get().pk}/").context["preview"].columns
    assert [c.field for c in columns] == ["external_id", "name", "-"]
    assert start(desk, **{f"column-{c.place}": c.field for c in columns}).status_code == 302
    assert Job.objects.get().parameters["columns"] == {"account_id": "external_id", "account_name": "name"}


def test_from_the_upload_to_the_summary(desk: Client, cs: User) -> None:
    answer = upload(desk, TWO_OF_FOUR)
    file = FileUpload.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/events/import/{file.pk}/")
    looked = desk.get(answer["Location"])
    preview = looked.context["preview"]
    assert [(c.name, c.field) for c in preview.columns] == [
        ("account_id", "external_id"),
        ("account_name", "name"),
        ("signup_date", "signed_up_on"),
    ]
    assert preview.refused == [
        (3, "account_name is empty."),
        (5, "account_id is repeated: it stands in line 2 already."),
    ]
    assert (Account.objects.count(), Source.objects.count(), IntakeBatch.objects.count()) == (0, 0, 0)

    begun = start(desk)
    job = Job.objects.get()
    assert begun["Location"] == f"/jobs/{job.pk}/"
    assert run_next() == job
    job.refresh_from_db()
    assert (job.state, job.started_by, job.error) == ("done", cs, "")
    assert (job.result["read"], job.result["new"], job.result["refused"]) == (4, 2, 2)
    assert sorted(Account.objects.values_list("external_id", flat=True)) == ["A-1", "A-3"]
    assert FileChunk.objects.count() == 0
    imported = AuditLine.objects.get(verb="imported")
    assert (imported.actor, imported.object_label) == (cs, "accounts.csv (account)")

    told = desk.get(f"/events/import/{file.pk}/").content.decode()
    assert "The 2 refused rows, with reasons" in told
    answer = desk.get(f"/events/import/{file.pk}/refused.csv")
    lines = list(csv.reader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert lines == [
        ["line", "reason", "account_id", "account_name", "signup_date"],
        ["3", "account_name is empty.", "A-2", "", "2026-01-06"],
        ["5", "account_id is repeated: it stands in line 2 already.", "A-1", "Acme again", "2026-01-08"],
    ]


def test_refused_cells_are_harmless_in_a_spreadsheet(desk: Client) -> None:
    upload(desk, "account_id,account_name,signup_date\nA-1,=cmd(),soon\nA-2,-5,soon\n")
    start(desk)
    run_next()
    answer = desk.get(f"/events/import/{FileUpload.objects.get().pk}/refused.csv")
    lines = list(csv.reader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))[1:]
    assert [line[3] for line in lines] == ["'=cmd()", "-5"]


def test_columns_can_be_said(desk: Client) -> None:
    upload(desk, "nr,title,name\nA-1,Acme,not this\n")
    file = FileUpload.objects.get()
    page = desk.get(f"/events/import/{file.pk}/").content.decode()
    assert "No column was found for external_id" in page
    assert 'name="start"' not in page
    columns = {"column-0": "external_id", "column-1": "name", "column-2": "-"}
    looked = desk.post(f"/events/import/{file.pk}/start", {"look": "1", **columns})
    assert [c.field for c in looked.context["preview"].columns] == ["external_id", "name", "-"]
    assert (looked.context["preview"].refused, Job.objects.count()) == ([], 0)
    twice = start(desk, **(columns | {"column-2": "name"}))
    assert twice.status_code == 409
    assert "Two columns are mapped to the field “name”." in twice.content.decode()
    assert start(desk, **columns).status_code == 302
    run_next()
    assert Account.objects.get().name == "Acme"


def test_the_same_file_twice_changes_nothing(desk: Client) -> None:
    for _ in range(2):
        upload(desk, ACCOUNTS)
        desk.post(f"/events/import/{FileUpload.objects.latest('id').pk}/start", {"start": "1"})
        run_next()
    assert [(j.result["new"], j.result["unchanged"]) for j in Job.objects.order_by("id")] == [(1, 0), (0, 1)]


def test_one_file_is_taken_in_once(desk: Client) -> None:
    upload(desk, ACCOUNTS)
    start(desk)
    again = start(desk)
    assert (again.status_code, Job.objects.count()) == (409, 1)


class Dies(BaseException):
    """As sudden as a kill."""


def many(rows: int) -> str:
    body = "".join(f"A-{n},Company {n},2026-01-05\n" if n % 7 else f"A-{n},,2026-01-05\n" for n in range(1, rows + 1))
    # The refused A-7 comes again and is right this time; A-1 comes again and is refused.
    return f"account_id,account_name,signup_date\n{body}A-7,Seven,2026-01-05\nA-1,One,2026-01-05\n"


@pytest.mark.parametrize("dies_in_chunk", [2, 3])
def test_a_worker_that_dies_is_followed_where_it_stood(
    desk: Client, monkeypatch: pytest.MonkeyPatch, dies_in_chunk: int
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    upload(desk, many(30))
    start(desk)
    real, chunks = importing.staging.take_rows, []

    def take_rows(*args: Any) -> Any:
        chunks.append(1)
        if len(chunks) == dies_in_chunk:
            raise Dies
        return real(*args)

    monkeypatch.setattr(importing.staging, "take_rows", take_rows)
    with pytest.raises(Dies):
        run_next()
    assert Account.objects.count() < 27
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    run_next()
    job = Job.objects.get()
    assert job.state == "done"
    assert {k: job.result[k] for k in ("read", "new", "changed", "unchanged", "refused")} == {
        "read": 32,
        "new": 27,
        "changed": 0,
        "unchanged": 0,
        "refused": 5,
    }
    assert (Account.objects.count(), FileRefusal.objects.count(), RefusedItem.objects.count()) == (27, 5, 5)
    assert Account.objects.get(external_id="A-1").name == "Company 1"
    assert list(FileRefusal.objects.values_list("line", "reason"))[-1] == (
        33,
        "account_id is repeated: it stands in line 2 already.",
    )


def test_slice_by_slice_is_the_whole(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    monkeypatch.setattr("loyalty.core.jobs.running.SLICE", SLICE * 0)
    upload(desk, many(30))
    start(desk)
    slices = 0
    while run_next():
        slices += 1
    job = Job.objects.get()
    assert (slices, job.state, job.result["new"], job.result["refused"]) == (5, "done", 27, 5)


def test_cancelled_between_chunks_keeps_what_went_in(desk: Client, cs: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    upload(desk, many(30))
    start(desk)
    job = Job.objects.get()
    real = importing.staging.take_rows

    def take_rows(*args: Any) -> Any:
        Job.objects.update(cancel_asked=True)
        return real(*args)

    monkeypatch.setattr(importing.staging, "take_rows", take_rows)
    run_next()
    job.refresh_from_db()
    assert (job.state, job.result["new"], Account.objects.count(), FileChunk.objects.count()) == ("cancelled", 9, 9, 0)


def test_two_imports_of_a_kind_take_turns(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*args: Any, **kwargs: Any) -> bool:
        raise importing.Busy

    upload(desk, ACCOUNTS)
    start(desk)
    with monkeypatch.context() as patch:
        patch.setattr(running, "take_chunks", busy)
        run_next()
    job = Job.objects.get()
    assert (job.state, job.message, job.tries) == ("waiting", "Waiting for another import of account files", 0)
    Job.objects.update(due_at=timezone.now())
    run_next()
    assert Job.objects.get().state == "done"


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        ("cs", ["account", "support", "feedback"]),
        ("finance", ["subscription"]),
        ("product", ["usage"]),
        ("administrator", ["account", "subscription", "usage", "support", "feedback"]),
    ],
)
def test_who_may_import_what(
    who: str, kinds: list[str], signed_in_as: Callable[[User], Client], request: pytest.FixtureRequest, cs: User
) -> None:
    client = signed_in_as(request.getfixturevalue(who))
    form = client.get("/events/import/").context["form"]
    assert [kind for kind, _ in form.fields["kind"].choices] == kinds
    for kind in ("account", "subscription", "usage"):
        assert upload(client, "x\n", kind=kind).status_code == (302 if kind in kinds else 422)


def test_others_look_and_may_not(desk: Client, finance: User, signed_in_as: Callable[[User], Client]) -> None:
    upload(desk, ACCOUNTS)
    file, lines = FileUpload.objects.get(), AuditLine.objects.count()
    other = signed_in_as(finance)
    page = other.get(f"/events/import/{file.pk}/").content.decode()
    assert "taken in by Customer Success or an administrator" in page
    assert "Discard" not in page
    for act in ("start", "discard"):
        refused = other.post(f"/events/import/{file.pk}/{act}", {"start": "1"})
        assert refused.status_code == 403
        assert "Files of Accounts (CRM) are taken in by Customer Success" in refused.content.decode()
    assert (FileUpload.objects.count(), Job.objects.count(), AuditLine.objects.count()) == (1, 0, lines)


def test_discarding(desk: Client) -> None:
    upload(desk, ACCOUNTS)
    desk.post(f"/events/import/{FileUpload.objects.get().pk}/discard")
    assert (FileUpload.objects.count(), FileChunk.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "The file is empty."),
        (b"a" * 3_000_000, "The file is larger than 2 MB."),
    ],
    ids=["empty", "too large"],
)
def test_what_cannot_be_uploaded(desk: Client, content: bytes, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_FILE_BYTES", 2 * rules.MEGABYTE)
    answer = upload(desk, content)
    assert answer.status_code == 422
    assert problem in answer.content.decode()
    assert (FileUpload.objects.count(), FileChunk.objects.count()) == (0, 0)


@pytest.mark.parametrize("content", [b"\xff\xfea\x00", b"\n\n", b'"a\n', b"\0,\0\n\0,\0\n"])
def test_what_cannot_be_read_says_so(desk: Client, content: bytes) -> None:
    upload(desk, content)
    page = desk.get(f"/events/import/{FileUpload.objects.get().pk}/")
    assert page.context["preview"].problem
    assert start(desk).status_code == 409
    assert Job.objects.count() == 0


def test_pieces_make_the_whole(desk: Client) -> None:
    rows = "".join(f"A-{n},Company {n} with a rather long name,2026-01-05\n" for n in range(60_000))
    upload(desk, f"account_id,account_name,signup_date\n{rows}")
    assert FileChunk.objects.count() == 4
    start(desk)
    while run_next():
        pass
    assert (Job.objects.get().state, Account.objects.count()) == ("done", 60_000)


def test_what_nobody_wants_is_forgotten(desk: Client) -> None:
    upload(desk, ACCOUNTS)
    FileUpload.objects.update(uploaded_at=timezone.now() - timedelta(days=2))
    upload(desk, TWO_OF_FOUR)
    start(desk)
    run_next()
    assert FileUpload.objects.count() == 1
    Job.objects.update(finished_at=timezone.now() - timedelta(days=31))
    uploads.clear_old_uploads()
    assert (FileUpload.objects.count(), FileRefusal.objects.count()) == (1, 0)
