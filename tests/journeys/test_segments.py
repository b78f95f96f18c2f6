"""Customer Success builds the rule of a segment: by keyboard alone, on a phone, and without JavaScript."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from accounts.conditions.rules.reading import MOST_LEVELS
from accounts.facts.models import AccountFacts
from accounts.records.models import Account
from accounts.segments.models import Segment
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.people.models import User
from tests.accounts.segments.standing import moved
from tests.factories import SegmentFactory
from tests.factories.people import PASSWORD
from tests.journeys.crowd import LONG, RIGHT_TO_LEFT
from tests.journeys.doors import Product
from tests.journeys.visitor import NARROW, Visitor

ACTIVE = {"op": "compare", "fact": "active_days_28", "is": ">=", "value": "1"}


@pytest.fixture
def segment(customers_product: Product) -> Segment:
    """Two customers who were active today, and the live segment of those who were."""
    for account, name in (("northwind", "Northwind Traders"), ("contoso", LONG), ("light", RIGHT_TO_LEFT)):
        customers_product.knows(account, name, createdAt="2026-01-05")
        customers_product.reports(account)
    customers_product.reports("northwind", event="Integration Connected")
    return SegmentFactory(key="active", name="Active", goal="Advocacy", rule={"op": "and", "items": [ACTIVE]})


@pytest.fixture
def builder(enter: Callable[[], Visitor], segment: Segment, cs: User) -> Visitor:
    """CS before the edit of the segment."""
    window = enter()
    window.sign_in(cs.username, PASSWORD)
    window.follow("Segments")
    window.page.get_by_role("link", name="Active").click()
    window.page.get_by_role("link", name="Propose an edit").click()
    expect(count(window)).to_have_text("3 of 3 accounts match")
    return window


def count(window: Visitor) -> Locator:
    return window.page.get_by_role("region", name="What the rule does").locator(".rule-count")


def test_a_rule_is_built_by_keyboard_alone(builder: Visitor, cs_colleague: User) -> None:
    page, press, write = builder.page, builder.page.keyboard.press, builder.page.keyboard.type
    page.get_by_label("Name").focus()
    for _ in range(40):
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == "Add a condition to the whole rule":
            break
        press("Tab")
    press("Enter")
    expect(page.get_by_role("group", name="Condition 2").get_by_label("Fact")).to_be_focused()
    expect(builder.announced("Condition 2 added. Choose its fact.")).to_be_visible()
    expect(count(builder)).to_have_text("Not finished")

    write("features")
    press("Tab")
    second = page.get_by_role("group", name="Condition 2")
    expect(second.get_by_label("Comparison")).to_be_focused()
    press("Tab")
    write("2")
    expect(count(builder)).to_have_text("1 of 3 accounts matches")
    does = page.get_by_role("region", name="What the rule does")
    expect(does).to_contain_text("Active days is at least 1 and Features used is at least 2")
    expect(does).to_contain_text("3 before, 1 after.")
    expect(does.get_by_role("link", name="Northwind Traders")).to_be_visible()
    expect(page.locator("#live")).to_have_text("1 of 3 accounts matches")

    press("Enter")  # in a field, which must not propose
    expect(second.get_by_label("Value")).to_be_focused()
    second.get_by_role("button", name="Not: turn condition 2 round").focus()
    press("Enter")
    expect(builder.announced("Condition 2 now says “not”.")).to_be_visible()
    expect(count(builder)).to_have_text("2 of 3 accounts match")
    second.get_by_role("button", name="Move condition 2 up").focus()
    press("Enter")
    expect(page.get_by_role("button", name="Move condition 1 down")).to_be_focused()
    page.get_by_role("button", name="Remove condition 2").focus()
    press("Enter")
    expect(page.get_by_role("button", name="Remove condition 1")).to_be_focused()
    page.get_by_role("button", name="Undo").focus()
    press("Enter")
    expect(page.get_by_role("group", name="Condition 2").get_by_label("Fact")).to_have_value("active_days_28")

    page.get_by_label("Account to check").focus()
    write("northw")
    why = page.get_by_role("region", name="Check one account")
    expect(why.get_by_text("No match", exact=True)).to_be_visible()
    expect(why.get_by_role("listitem").filter(has_text="Features used is at least 2").last).to_contain_text("Met")
    builder.inspect("builder")
    assert ChangeRequest.objects.count() == 0

    page.get_by_label("Reason").focus()
    write("Who uses one feature only needs help")
    page.get_by_role("button", name="Propose the change").focus()
    press("Enter")
    change = page.get_by_role("region", name="Change to Active")
    expect(change.locator("ins")).to_contain_text("not Features used is at least 2 and Active days is at least 1")
    assert ChangeRequest.objects.get().proposed["rule"]["items"][0]["op"] == "not"
    builder.inspect("change-of-a-rule", briefly=True)


def test_a_deep_tree_is_readable_on_a_phone_and_its_buttons_are_large(builder: Visitor) -> None:
    page = builder.page
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    place = "the whole rule"
    for level in range(MOST_LEVELS - 2):
        page.get_by_role("button", name=f"Add a group to {place}", exact=True).click()
        place = "group " + ".".join(["2"] * (level + 1))
        expect(page.get_by_role("group", name=place.capitalize(), exact=True)).to_be_visible()
    deepest = page.get_by_role("group", name="Condition 2.2.2.2.1")
    deepest.get_by_label("Fact").select_option("days_since_key_action")
    deepest.get_by_label("Value").fill("5")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    box = deepest.get_by_label("Fact").bounding_box()
    assert box is not None
    assert box["width"] > NARROW["width"] / 2
    small = page.locator(".rule-builder").evaluate(
        """builder => [...builder.querySelectorAll("button, select, input:not([type=hidden], [type=checkbox])")]
          .filter(one => one.offsetParent && !one.matches(".visually-hidden"))
          .filter(one => { const box = one.getBoundingClientRect(); return box.height < 44 || box.width < 44; })
          .map(one => one.id)"""
    )
    assert small == []
    builder.inspect("builder-deep")


def test_what_is_wrong_stands_beside_its_field(builder: Visitor) -> None:
    page = builder.page
    builder.allow = {422}
    page.get_by_role("button", name="Add a condition to the whole rule").click()
    second = page.get_by_role("group", name="Condition 2")
    second.get_by_label("Fact").select_option("seat_utilisation")
    second.get_by_label("Value").fill("nearly all")
    page.get_by_role("button", name="Propose the change").click()
    expect(second.get_by_label("Value")).to_have_accessible_description("Give a number.")
    expect(second.get_by_label("Value")).to_have_value("nearly all")
    expect(page.get_by_text("Put right what is marked in the rule.")).to_be_visible()
    builder.inspect("builder-refused", briefly=True)
    page.get_by_role("region", name="What the rule does").get_by_role("link", name="Condition 2").click()
    expect(second.get_by_label("Value")).to_be_focused()


def test_without_javascript_a_segment_is_made(enter: Callable[..., Visitor], segment: Segment, cs: User) -> None:
    plain = enter(scripts=False)
    plain.sign_in(cs.username, PASSWORD)
    plain.go("/segments/new/")
    page = plain.page
    page.get_by_label("Name").fill("Connected")
    page.get_by_role("button", name="Add a condition to the whole rule").click()
    page.get_by_label("Fact").select_option("milestones")
    page.get_by_role("button", name="Show what can be asked of the chosen facts").click()
    page.get_by_label("Comparison").select_option("none")
    page.get_by_label("Integration connected").check()
    page.get_by_label("Account to check").fill("northw")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_role("region", name="Check one account")).to_contain_text("Northwind Traders")
    expect(page.get_by_label("Name")).to_have_value("Connected")
    page.get_by_role("button", name="Make the draft").click()
    expect(plain.announced("Draft made. Nobody is in it until it goes live.")).to_be_visible()
    made = Segment.objects.get(name="Connected")
    assert made.rule == {
        "op": "and",
        "items": [{"op": "has", "fact": "milestones", "how": "none", "values": ["integration-connected"]}],
    }


def test_a_segment_is_duplicated_edited_by_keyboard_proposed_and_approved_by_a_colleague(
    enter: Callable[[], Visitor], segment: Segment, cs: User, cs_colleague: User
) -> None:
    AccountFacts.objects.update(segments=[segment.key], primary_segment=segment.key)
    for account in Account.objects.all():
        moved(account, segment, timezone.now().date(), cause="start")
    cleo = enter()
    cleo.sign_in(cs.username, PASSWORD)
    page, press, write = cleo.page, cleo.page.keyboard.press, cleo.page.keyboard.type
    cleo.follow("Segments")
    # Opened by the link itself, which needs no script to have begun.
    page.locator("[data-keys-list] [data-open]").first.focus()
    press("Enter")
    beside = page.get_by_role("region", name="Active", exact=True)
    expect(beside.get_by_role("region", name="Members").get_by_role("link", name="Northwind Traders")).to_be_visible()
    cleo.inspect("segments-open")
    beside.get_by_role("link", name="Duplicate").focus()
    press("Enter")
    expect(page.get_by_label("Name")).to_have_value("Active (copy)")
    page.get_by_role("button", name="Make the draft").focus()
    press("Enter")
    expect(cleo.announced("Draft made. Nobody is in it until it goes live.")).to_be_visible()
    page.get_by_role("link", name="Edit", exact=True).focus()
    press("Enter")
    page.get_by_label("Status").focus()
    write("Live")
    page.get_by_role("button", name="Save").focus()
    press("Enter")
    expect(cleo.announced("Saved.")).to_be_visible()

    page.get_by_role("link", name="Propose an edit").focus()
    press("Enter")
    page.get_by_role("group", name="Condition 1").get_by_label("Value").focus()
    press("Control+a")
    write("2")
    expect(count(cleo)).to_have_text("0 of 3 accounts match")
    page.get_by_label("Reason").focus()
    write("One day may be an accident")
    page.get_by_role("button", name="Propose the change").focus()
    press("Enter")
    expect(page.get_by_text("Nobody decides their own proposal")).to_be_visible()
    copy = Segment.objects.get(name="Active (copy)")
    assert (copy.version, copy.rule["items"][0]["value"]) == (2, "1")

    chen = enter()
    chen.sign_in(cs_colleague.username, PASSWORD)
    chen.follow("Change requests")
    chen.page.get_by_role("link", name="Active (copy)").first.click()
    chen.page.get_by_role("button", name="Approve").click()
    expect(chen.announced("Approved and applied.")).to_be_visible()
    copy.refresh_from_db()
    assert (copy.version, copy.rule["items"][0]["value"]) == (3, "2")
    for path, name in ((f"/segments/{segment.pk}/", "segment"), (f"/segments/{segment.pk}/moves/", "segment-moves")):
        chen.go(path)
        expect(chen.page.get_by_role("link", name="Northwind Traders", exact=True).first).to_be_visible()
        chen.inspect(name)
    chen.go(f"/segments/{copy.pk}/")
    versions = chen.page.get_by_role("region", name="Versions").get_by_role("listitem")
    expect(versions.nth(0)).to_contain_text("Active days is at least 2")
    expect(versions.nth(1).get_by_role("link", name="Restore")).to_be_visible()
