"""The inbox and the page of one's choice, in the browser."""

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.test import Client

from loyalty.core.audit.models import AuditLine
from loyalty.core.notices.choosing import choice_of, slack_address
from loyalty.core.notices.models import Notice
from loyalty.core.notices.verbs import tell
from loyalty.core.people.models import User
from tests.factories.people import PersonFactory

pytestmark = pytest.mark.django_db
SLACK = "https://hooks.slack.com/services/T0/B0/secret"
CHOICE = {"email_pace": "at_once", "slack_pace": "off", "slack_url": "", "digest_hour": "9"}
SignIn = Callable[[User], Client]


def test_a_notice_is_read_by_going_where_it_leads(finance: User, signed_in_as: SignIn) -> None:
    tell([finance.pk], "a", "First <b>words</b>", "/changes/?view=all")
    tell([finance.pk], "b", "Second", "/caps/")
    client = signed_in_as(finance)
    page = client.get("/inbox/").content.decode()
    assert page.index("Second") < page.index("First &lt;b&gt;words&lt;/b&gt;")
    assert "2 unread." in page
    first = Notice.objects.get(key="a")
    response = client.post(f"/inbox/{first.pk}/read")
    assert (response.status_code, response["Location"]) == (302, "/changes/?view=all")
    unread = client.get("/inbox/?view=unread").content.decode()
    assert ("Second" in unread, "First" in unread) == (True, False)


def test_a_notice_of_somebody_else_is_not_there(finance: User, cs: User, signed_in_as: SignIn) -> None:
    tell([finance.pk], "a", "For Finance only", "/caps/")
    client = signed_in_as(cs)
    assert "For Finance only" not in client.get("/inbox/").content.decode()
    assert client.post(f"/inbox/{Notice.objects.get().pk}/read").status_code == 404
    assert Notice.objects.get().read_at is None


def test_all_that_was_seen_is_read_at_once(finance: User, signed_in_as: SignIn) -> None:
    tell([finance.pk], "a", "Seen", "/")
    seen = Notice.objects.get().pk
    tell([finance.pk], "b", "Came meanwhile", "/")
    signed_in_as(finance).post("/inbox/read", {"up_to": str(seen)})
    assert list(Notice.objects.filter(read_at=None).values_list("key", flat=True)) == ["b"]


def test_an_inbox_goes_out_as_csv_and_that_is_audited(finance: User, signed_in_as: SignIn) -> None:
    tell([finance.pk], "a", "=cmd()", "/caps/")
    body = b"".join(signed_in_as(finance).get("/inbox/?format=csv").streaming_content).decode()
    assert "'=cmd(),/caps/" in body
    assert AuditLine.objects.get().verb == "exported"


def test_a_choice_is_kept_and_audited_without_the_secret(finance: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(finance)
    response = client.post("/settings/notices/", CHOICE | {"slack_pace": "daily", "slack_url": f" {SLACK} "})
    assert response["Location"] == "/settings/notices/"
    finance.refresh_from_db()
    kept = choice_of(finance)
    assert (kept.email_pace, kept.slack_pace, kept.digest_hour) == (
        "at_once",
        "daily",
        9,
    )
    assert slack_address(finance.pk) == SLACK
    page = client.get("/settings/notices/").content.decode()
    assert ("…cret" in page, "hooks.slack.com/services/T0" in page) == (True, False)
    line = AuditLine.objects.get()
    assert (line.verb, line.after["Slack address"]) == ("notices_chosen", "…cret")
    client.post("/settings/notices/", CHOICE | {"slack_pace": "daily"})
    assert slack_address(finance.pk) == SLACK
    assert AuditLine.objects.count() == 1
    another = SLACK.replace("T0", "T1")
    client.post("/settings/notices/", CHOICE | {"slack_pace": "daily", "slack_url": another})
    assert (slack_address(finance.pk), AuditLine.objects.count()) == (another, 2)
    client.post("/settings/notices/", CHOICE | {"forget_slack": "on"})
    assert slack_address(finance.pk) == ""


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"slack_pace": "at_once"}, "Slack needs the address"),
        ({"slack_pace": "at_once", "slack_url": "http://hooks.slack.com/x"}, "must begin with https"),
        ({"digest_hour": "24"}, "Select a valid choice"),
    ],
)
def test_what_reaches_nobody_is_told_beside_the_form(
    changed: dict[str, str], words: str, finance: User, signed_in_as: SignIn
) -> None:
    response = signed_in_as(finance).post("/settings/notices/", CHOICE | changed)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not AuditLine.objects.exists()


def test_nobody_enters_their_own_address(finance: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(finance)
    assert "An administrator enters it." in client.get("/settings/notices/").content.decode()
    User.objects.filter(pk=finance.pk).update(email="fay@example.com")
    assert client.post("/settings/notices/", CHOICE | {"email": "cleo@example.com"}).status_code == 302
    finance.refresh_from_db()
    assert finance.email == "fay@example.com"
    page = client.get("/settings/notices/").content.decode()
    assert ("To fay@example.com." in page, 'name="email"' in page) == (True, False)


def test_without_a_mail_server_the_page_says_so(settings: LazySettings, finance: User, signed_in_as: SignIn) -> None:
    assert "No mail server is set up" in signed_in_as(finance).get("/settings/notices/").content.decode()
    settings.MAIL_IS_SET_UP = True
    assert "No mail server is set up" not in signed_in_as(finance).get("/settings/notices/").content.decode()


def test_the_bell_counts_what_is_unread(finance: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(finance)
    assert 'id="count-bell" aria-hidden="true" hx-swap-oob="true"></span>' in client.get("/counts/").content.decode()
    for n in range(120):
        tell([finance.pk, PersonFactory().pk], f"k{n}", "Words", "/")
    assert 'id="count-bell" aria-hidden="true" hx-swap-oob="true">99</span>' in client.get("/counts/").content.decode()
