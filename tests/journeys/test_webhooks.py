"""An administrator connects the support desk by signed webhooks; Customer Success sends again what was refused."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from playwright.sync_api import expect

from accounts.intake.models import RefusedItem
from accounts.records.models import Ticket
from accounts.sources.models import Source, SourceSecret
from accounts.sources.rules import Kind
from accounts.sources.verbs import create_source
from loyalty.core.people.models import User
from tests.factories import AccountFactory
from tests.factories.people import PASSWORD
from tests.journeys.visitor import Visitor

DESK = "Support desk"


def ticket(number: int, account: str = "northwind") -> dict[str, Any]:
    told = {"updated_at": "2026-03-10T09:00:00Z", "opened_at": "2026-03-09T08:00:00Z"}
    return told | {"external_id": f"ticket-{number}", "account": account}


def post(address: str, secret: str, data: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """Send tickets as the support desk does, signed; returns the status and what was answered."""
    body = json.dumps({"type": "ticket", "data": data}).encode()
    stamp, name = str(int(datetime.now(UTC).timestamp())), f"msg-{hashlib.sha256(body).hexdigest()[:16]}"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
    headers = {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}
    try:
        with urlopen(Request(address, body, headers | {"Content-Type": "application/json"}), timeout=30) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def make_secret(ada: Visitor) -> tuple[str, str]:
    """Make a signing secret in the browser; returns the address to send to, and the secret, shown this once."""
    row = ada.page.get_by_role("row").filter(has_text="Standard Webhooks")
    address = row.locator("code").inner_text()
    ada.page.get_by_role("button", name="Set secret").click()
    shown = ada.page.get_by_role("status", name="New signing secret")
    return address, shown.locator("code").inner_text()


def test_a_secret_is_made_shown_once_changed_and_revoked(enter: Callable[[], Visitor], administrator: User) -> None:
    create_source(DESK, [Kind.SUPPORT], acting_user=None)
    AccountFactory(external_id="northwind", name="Northwind Traders")
    ada = enter()
    ada.sign_in(administrator.username, PASSWORD)
    ada.follow("Sources")
    ada.page.get_by_role("link", name=DESK, exact=True).click()
    ada.page.get_by_role("link", name="Webhooks and their secrets").click()
    ada.inspect("signing-empty")
    address, first = make_secret(ada)
    ada.inspect("signing-made")
    assert post(address, first, [ticket(1)])[1]["accepted"] == 1
    ada.page.reload()
    expect(ada.page.get_by_role("status", name="New signing secret")).to_have_count(0)
    assert first not in ada.page.content()
    assert SourceSecret.objects.count() == 1

    ada.allow = {422}
    ada.page.get_by_label("Signed by").select_option(label="Stripe")
    ada.page.get_by_label("Signing secret").fill("sk_live_of_something_else")
    ada.page.get_by_role("button", name="Set secret").click()
    expect(ada.page.get_by_text("This may be an API key.")).to_be_visible()
    ada.inspect("signing-refused")

    ada.page.get_by_label("Signed by").select_option(label="Standard Webhooks")
    ada.page.get_by_label("Signing secret").fill("")
    _, second = make_secret(ada)
    assert post(address, first, [ticket(2)])[1]["accepted"] == 1
    ada.page.get_by_role("button", name=f"Revoke the secret …{first[-4:]} now").click()
    expect(ada.announced("works no longer")).to_be_visible()
    assert post(address, first, [ticket(3)])[0] == 401
    assert post(address, second, [ticket(3)])[1]["accepted"] == 1
    assert Ticket.objects.count() == 3


def test_what_was_refused_goes_in_once_the_cause_is_mended(
    enter: Callable[[], Visitor], administrator: User, cs: User
) -> None:
    create_source("Old desk", [Kind.SUPPORT], acting_user=None)
    desk = create_source(DESK, [Kind.SUPPORT], acting_user=None)
    ada = enter()
    ada.sign_in(administrator.username, PASSWORD)
    ada.go(f"/sources/{desk.pk}/signing")
    address, secret = make_secret(ada)
    AccountFactory(external_id="northwind", name="Northwind Traders")
    assert post(address, secret, [ticket(n) for n in (1, 2)])[1]["accepted"] == 0

    ada.follow("Sources")
    row = ada.page.get_by_role("row").filter(has_text=f"{DESK}system of record for nothing")
    expect(row).to_contain_text("is not the system of record for Support (tickets); Old desk is.")
    ada.inspect("sources-refused")
    row.get_by_role("link", name=DESK, exact=True).click()
    beside = ada.page.get_by_role("complementary", name="Detail")
    expect(beside.get_by_role("table", name="Refused by reason, the latest first")).to_contain_text("2")
    ada.inspect("source-refused-open")
    beside.get_by_role("button", name=f"Make {DESK} the system of record for Support (tickets)").click()
    expect(ada.announced(f"{DESK} is the system of record for Support (tickets) from now on.")).to_be_visible()

    cleo = enter()
    cleo.sign_in(cs.username, PASSWORD)
    cleo.follow("Events")
    cleo.page.get_by_label("Source").select_option(label=DESK)
    cleo.page.get_by_role("button", name="Search").click()
    rows = cleo.page.get_by_role("table", name="What came in, newest first").get_by_role("row")
    expect(rows.filter(has_text="Refused")).to_have_count(2)
    rows.filter(has_text="Refused").first.get_by_role("link").click()
    cleo.inspect("events-by-source")
    beside = cleo.page.get_by_role("complementary", name="Detail")
    beside.get_by_role("button", name="Send all 2 with this reason again").click()
    expect(cleo.announced("2 were sent again: 2 went in, 0 did not.")).to_be_visible()
    expect(cleo.page.get_by_text("It has gone in already.")).to_be_visible()
    cleo.inspect("event-sent-again")
    assert Ticket.objects.count() == 2
    assert not RefusedItem.objects.filter(went_in_at=None).exists()
    assert Source.objects.filter(kinds__is_active=True, kinds__kind="support").get() == desk


def test_without_scripts_a_source_is_chosen_and_opened(enter: Callable[..., Visitor], administrator: User) -> None:
    desk = create_source(DESK, [Kind.SUPPORT], acting_user=None)
    plain = enter(scripts=False)
    plain.sign_in(administrator.username, PASSWORD)
    plain.go(f"/sources/{desk.pk}/signing")
    address, secret = make_secret(plain)
    post(address, secret, [ticket(1)])
    plain.go("/sources/")
    plain.page.get_by_role("link", name=DESK, exact=True).click()
    plain.page.get_by_role("link", name="There is no account northwind").click()
    expect(plain.page.get_by_role("region", name="Content")).to_contain_text('"external_id": "ticket-1"')
    plain.go("/events/")
    plain.page.get_by_label("Source").select_option(label=DESK)
    plain.page.get_by_role("button", name="Search").click()
    expect(plain.page.get_by_role("list", name="Filters of what came in")).to_contain_text(DESK)
    AccountFactory(external_id="northwind")
    plain.page.get_by_role("row").filter(has_text="There is no account").get_by_role("link").first.click()
    plain.page.get_by_role("button", name="Send again").click()
    expect(plain.announced("It went in.")).to_be_visible()
    assert Ticket.objects.get().external_id == "ticket-1"
