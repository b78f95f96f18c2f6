"""An administrator connects the customers' product: one key, shown once, and every call accounted for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from accounts.sources.models import SourceKey
from accounts.usage.models import Event
from loyalty.core.people.models import User
from tests.factories.people import PASSWORD
from tests.journeys.doors import Product, fresh_key, make_source
from tests.journeys.visitor import Visitor

SOURCE = "Customer data platform"
KINDS = ["Accounts (CRM)", "Usage (product, CDP)"]


def test_a_key_is_shown_once_and_a_new_one_takes_over(
    enter: Callable[[], Visitor], administrator: User, cs: User
) -> None:
    ada = enter()
    ada.sign_in(administrator.username, PASSWORD)
    key = make_source(ada, SOURCE, KINDS)
    assert len(key) > 40
    ada.inspect("sources-new-key")
    ada.page.reload()
    expect(ada.page.get_by_role("status", name="New key")).to_have_count(0)
    assert SourceKey.objects.count() == 1
    ada.go("/sources/")
    expect(ada.page.get_by_role("link", name=SOURCE, exact=True)).to_be_visible()
    expect(ada.page.get_by_role("row").filter(has_text=SOURCE)).to_contain_text(f"…{key[-4:]}")
    assert key not in ada.page.content()
    assert key not in str(list(SourceKey.objects.values()))

    ada.page.get_by_role("link", name=SOURCE, exact=True).click()
    beside = ada.page.get_by_role("complementary", name="Detail")
    beside.get_by_role("button", name=f"Make a new key for {SOURCE}").click()
    newer = fresh_key(ada, SOURCE)
    assert newer != key
    before, after = Product(ada.address, key), Product(ada.address, newer)
    before.knows("northwind", "Northwind Traders")
    after.reports("northwind")
    ada.follow("Sources")
    ada.page.get_by_role("link", name=SOURCE, exact=True).click()
    ada.inspect("source-open")
    ada.page.get_by_role("button", name=f"Revoke the key …{key[-4:]} of {SOURCE} now").click()
    expect(ada.announced("works no longer")).to_be_visible()
    assert before.post("/v1/track", {"userId": "northwind-ann", "event": "Report Generated"})[0] == 401
    after.reports("northwind")
    assert Event.objects.count() == 2

    cleo = enter()
    cleo.sign_in(cs.username, PASSWORD)
    cleo.follow("Sources")
    cleo.page.get_by_role("link", name=SOURCE, exact=True).click()
    expect(cleo.page.get_by_role("region", name="System of record")).to_contain_text("This source")
    expect(cleo.page.get_by_role("button", name="New key")).to_have_count(0)
    expect(cleo.page.get_by_role("link", name="New source")).to_have_count(0)


def test_every_call_is_accepted_or_refused_with_its_reason(
    enter: Callable[[], Visitor], customers_product: Product, administrator: User
) -> None:
    customers_product.knows("northwind", "Northwind Traders")
    late = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    of_northwind = {"type": "track", "userId": "northwind-ann", "messageId": "one", "event": "Report Generated"}
    answer = customers_product.batch(
        [
            of_northwind,
            of_northwind,
            of_northwind | {"messageId": "two", "timestamp": late},
            {"type": "track", "messageId": "three", "event": "Report Generated", "context": {"groupId": "nobody"}},
        ]
    )
    assert (answer["accepted"], answer["duplicates"], [r["index"] for r in answer["refused"]]) == (1, 1, [2, 3])
    assert customers_product.post("/v1/track", b"{not json")[0] == 400
    assert Product(customers_product.address, "lk_wrong").post("/v1/track", of_northwind)[0] == 401

    ada = enter()
    ada.sign_in(administrator.username, PASSWORD)
    ada.follow("Events")
    rows = ada.page.get_by_role("table", name="What came in, newest first").get_by_role("row")
    for reason in (
        "The event is dated more than 24 hours ahead",
        "No account has this groupId",
        "The body is not JSON",
        "No source has this key",
    ):
        expect(rows.filter(has_text=reason).filter(has_text="Refused")).to_have_count(1)
    expect(rows.filter(has_text="Report Generated").filter(has_text="Accepted")).to_have_count(1)
    expect(ada.page.get_by_text("accepted, 1 duplicate, 4 refused").first).to_be_visible()
    rows.filter(has_text="No account has this groupId").get_by_role("link").click()
    beside = ada.page.get_by_role("complementary", name="Detail")
    expect(beside.get_by_role("region", name="Content")).to_contain_text('"groupId": "nobody"')
    ada.inspect("events-open")
