"""The builder as a form field: what it shows it reads back, and a button changes the tree and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.db import connection
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given, settings

from accounts.conditions import preview
from accounts.conditions.forms import NOTHING_ASKED, PUT_RIGHT, RuleField, RuleForm
from accounts.conditions.rules.reading import read_rule
from accounts.records.models import Account
from loyalty.core.people.models import User
from tests.accounts.conditions.any_rule import WORDS, rules
from tests.accounts.conditions.page_fields import Fields
from tests.accounts.conditions.test_truth import facts_row
from tests.factories import AccountFactory, MilestoneFactory, SourceFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
MANY = {"op": "compare", "fact": "sign_ins_30", "is": ">=", "value": "5"}
USED = {"op": "compare", "fact": "seat_utilisation", "is": ">=", "value": "0.9"}
TWO = {"op": "and", "items": [MANY, {"op": "or", "items": [USED, {"op": "unknown", "fact": "nps"}]}]}


class AudienceForm(RuleForm):
    name = forms.CharField(max_length=20)
    rule = RuleField(label="Audience")


def shown(rule: Any, **options: Any) -> Fields:
    """The fields of a form that holds a rule."""
    return Fields(str(AudienceForm(initial={"name": "Everyone", "rule": rule}, **options)))


def sent(rule: Any, **more: str) -> AudienceForm:
    """The form as it comes back when nobody touched it, or with `more`."""
    return AudienceForm(shown(rule).query(**more))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(rules)
def test_what_is_shown_comes_back_equal(db: None, rule: dict[str, Any]) -> None:
    form = sent(rule)
    assert form.is_valid(), form.errors
    assert read_rule(form.cleaned_data["rule"], WORDS) == read_rule(rule, WORDS)


def test_a_ratio_stands_in_per_cent_and_a_unit_beside_its_field() -> None:
    html = str(AudienceForm(initial={"rule": USED}))
    assert 'name="rule.r.0.value" value="90"' in html
    assert '<span class="field-unit">%</span>' in html
    assert '<option value="mrr">MRR ($)</option>' in html


def test_an_error_stands_beside_its_field_and_what_was_typed_is_still_there() -> None:
    form = sent(TWO, **{"rule.r.1.0.value": "lots"})
    assert not form.is_valid()
    assert form.errors == {"rule": [PUT_RIGHT]}
    html = str(form["rule"])
    assert 'value="lots"' in html
    assert 'aria-describedby="id_rule-r-1-0-value-error"' in html
    assert '<p class="field-error" id="id_rule-r-1-0-value-error">' in html
    assert html.count('aria-invalid="true"') == 1


def test_what_is_wrong_with_the_whole_is_said_of_the_field() -> None:
    form = sent({"op": "and", "items": [MANY] * 60})
    assert not form.is_valid()
    assert form.errors == {"rule": ["A rule has at most 60 conditions and groups; take some out."]}


def test_a_rule_without_conditions_is_everybody_where_that_is_allowed() -> None:
    class OptionalForm(RuleForm):
        rule = RuleField(required=False)

    nothing = Fields(str(OptionalForm()))
    form = OptionalForm(nothing.query())
    assert form.is_valid()
    assert form.cleaned_data["rule"] == {"op": "and", "items": []}
    refused = sent(None)
    assert not refused.is_valid()
    assert refused.errors == {"rule": [NOTHING_ASKED]}


def test_a_button_is_no_save_and_marks_nothing() -> None:
    form = sent(TWO, **{"rule.step": "add 1", "name": "", "rule.r.0.value": "lots"})
    assert not form.is_valid()
    assert form.errors == {}
    html = str(form)
    assert "aria-invalid" not in html
    again = Fields(html).query()
    assert again["rule.r.0.value"] == "lots"
    assert again["rule.r.1.2.fact"] == ""
    assert 'name="rule.r.1.2.fact" data-rule-choice autofocus' in html


def test_without_scripts_a_rule_is_built_button_by_button() -> None:
    form = AudienceForm(Fields(str(AudienceForm(initial={"name": "Busy"}))).query(rule__step="add"))
    page = Fields(str(form))
    chosen = page.query(rule__step="look")
    chosen["rule.r.0.fact"] = "seat_utilisation"
    page = Fields(str(AudienceForm(chosen)))
    filled = page.query()
    filled["rule.r.0.how"], filled["rule.r.0.value"] = ">", "75"
    filled["rule.step"] = page.buttons["Not: turn condition 1 round"]
    page = Fields(str(AudienceForm(filled)))
    done = AudienceForm(page.query())
    assert done.is_valid(), done.errors
    assert done.cleaned_data == {
        "name": "Busy",
        "rule": {
            "op": "and",
            "items": [{"op": "not", "item": {"op": "compare", "fact": "seat_utilisation", "is": ">", "value": "0.75"}}],
        },
    }


def test_what_was_removed_can_be_put_back() -> None:
    removed = sent(TWO, **{"rule.step": "remove 1"})
    page = Fields(str(removed))
    assert "rule.r.1.joins" not in page.query()
    back = AudienceForm(page.query(rule__step="undo"))
    assert AudienceForm(Fields(str(back)).query()).is_valid()
    form = AudienceForm(Fields(str(back)).query())
    assert form.is_valid()
    assert form.cleaned_data["rule"] == TWO


FITTED = [
    ("between keeps the value as its lower end", MANY, {"how": "between"}, {"value": "5", "high": ""}),
    ("a number keeps its value under another fact", MANY, {"fact": "nps"}, {"fact": "nps", "value": "5"}),
    ("a word does not keep a number", MANY, {"fact": "plan_segment"}, {"how": "=", "value": ""}),
    (
        "one of some begins with the one",
        {"op": "compare", "fact": "plan_segment", "is": "=", "value": "enterprise"},
        {"how": "in"},
        {"values": "enterprise"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("told", "rule", "changed", "expected"), FITTED, ids=[f[0] for f in FITTED])
def test_another_choice_keeps_what_still_fits(
    told: str, rule: dict[str, Any], changed: dict[str, str], expected: dict[str, str]
) -> None:
    query = shown({"op": "and", "items": [rule]}).query(rule__step="look")
    for field, value in changed.items():
        query[f"rule.r.0.{field}"] = value
    again = Fields(str(AudienceForm(query))).query()
    assert {field: again.get(f"rule.r.0.{field}") for field in expected} == expected


def test_where_any_word_is_possible_there_is_one_a_line() -> None:
    rule = {"op": "in", "fact": "tier", "values": ["gold, old", "silver"]}
    page = Fields(str(AudienceForm(initial={"name": "Ranked", "rule": rule})))
    assert page.query()["rule.r.0.values"].split("\n") == ["gold, old", "silver"]
    form = AudienceForm(page.query())
    assert form.is_valid()
    assert form.cleaned_data["rule"] == rule


def test_known_values_are_boxes_and_one_that_went_is_told() -> None:
    MilestoneFactory(key="first", name="The first")
    rule = {"op": "has", "fact": "milestones", "how": "all", "values": ["first", "second"]}
    html = str(AudienceForm(initial={"rule": rule}))
    assert "<bdi>The first</bdi>" in html
    assert "<bdi>second (no longer there)</bdi>" in html
    form = AudienceForm(Fields(html).query(name="Some"))
    assert not form.is_valid()
    assert "Milestones is never “second”." in str(form)


@pytest.fixture
def acme() -> Account:
    account = AccountFactory(name="Acme")
    facts_row(account, sign_ins_30=12, seat_utilisation="0.95")
    return account


def look(client: Client, rule: Any, where: str = "look", **more: str) -> str:
    response = client.post(f"/accounts/rules/{where}?of=rule", shown(rule).query(**more).dict())
    assert response.status_code == 200
    return response.content.decode()


def test_the_count_a_sample_and_the_words_follow_what_is_typed(acme: Account, cs: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(cs)
    text = look(client, {"op": "and", "items": [MANY]})
    assert "<strong>1</strong> of 1 account matches" in text
    assert "Sign-ins is at least 5" in text
    assert f'<a href="/accounts/{acme.pk}/" target="_blank"><bdi>Acme</bdi></a>' in text
    assert "14 Nov 2026" in text
    none = look(client, {"op": "and", "items": [MANY]}, **{"rule.r.0.value": "13"})
    assert "<strong>0</strong> of 1 account match<" in none
    assert "Acme" not in none


def test_an_unfinished_rule_is_not_counted_and_says_what_is_missing(
    acme: Account, cs: User, signed_in_as: SignIn
) -> None:
    text = look(signed_in_as(cs), TWO, **{"rule.r.1.0.value": ""})
    assert '<a href="#id_rule-r-1-0-value">Condition 2.1</a>: give a number.' in text
    assert "match" not in text


def test_an_edit_says_who_enters_and_who_leaves(acme: Account, cs: User, signed_in_as: SignIn) -> None:
    quiet = AccountFactory(name="Quiet & Co")
    facts_row(quiet, sign_ins_30=1)
    form = AudienceForm(initial={"rule": {"op": "and", "items": [{**MANY, "is": "<"}]}})
    form.rule_field("rule").before = {"op": "and", "items": [MANY]}
    query = Fields(str(form)).query()
    text = signed_in_as(cs).post("/accounts/rules/look?of=rule", query.dict()).content.decode()
    enter, leave = text.split("Leave</del>")
    assert "Quiet &amp; Co" in enter.split("Enter</ins>")[1]
    assert "Acme" in leave
    assert "1 before, 1 after." in text


def test_a_count_that_takes_too_long_is_given_up(
    acme: Account, cs: User, signed_in_as: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*asked: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr(preview, "PATIENCE_MS", 30)
    monkeypatch.setattr(preview, "matching", endless)
    text = look(signed_in_as(cs), {"op": "and", "items": [MANY]})
    assert "Not counted" in text
    assert "Sign-ins is at least 5" in text
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_one_account_is_told_why(acme: Account, cs: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(cs)
    text = look(client, TWO, "why", **{"rule.find": "acm"})
    assert "Matches" in text
    assert "Because Sign-ins is at least 5 (12)" in text
    assert "Unknown" not in text.split("told")[0]
    failed = look(client, TWO, "why", **{"rule.account": str(acme.pk), "rule.r.0.value": "20"})
    assert "No match" in failed
    assert "Not met" in failed
    AccountFactory(name="Acme Twins")
    several = look(client, TWO, "why", **{"rule.find": "acm"})
    assert f'value="account {acme.pk}"' in several
    assert "Which one?" in several
    assert "No account has this in its name." in look(client, TWO, "why", **{"rule.find": "zzz"})
    unknown = look(client, {"op": "unknown", "fact": "nps"}, "why", **{"rule.step": f"account {acme.pk}"})
    assert "Matches" in unknown


def test_a_stale_source_is_said_of_the_facts_that_stand_on_it(acme: Account, cs: User, signed_in_as: SignIn) -> None:
    source = SourceFactory(name="Old CDP", last_received_at="2020-01-01T00:00:00Z")
    source.kinds.create(kind="usage", is_active=True)
    client = signed_in_as(cs)
    assert "Old CDP" in look(client, TWO)
    assert "Old CDP" not in look(client, {"op": "compare", "fact": "mrr", "is": ">", "value": "1"})


def test_a_step_answers_with_the_builder_and_says_what_it_did(cs: User, signed_in_as: SignIn) -> None:
    query = shown(TWO).query(rule__step="up 1", rule__find="acme")
    response = signed_in_as(cs).post("/accounts/rules/build?of=rule", query.dict())
    assert "Moved up: now group 1." in response.headers["HX-Trigger"]
    again = Fields(response.content.decode()).query()
    assert again["rule.r.0.0.fact"] == "seat_utilisation"
    assert again["rule.r.1.fact"] == "sign_ins_30"
    assert "rule-count" not in response.content.decode()


NONSENSE = [
    "",
    "rule.r.joins=and&rule.step=remove 9.9.9",
    "rule.r.joins=and&rule.step=unwrap9 0",
    "rule.r.joins=and&rule.step=undo&rule.undo=" + "[" * 3000,
    "rule.r.joins=and&rule.before={\"op\":\"xor\"}&rule.account=999999999999999999",
    "rule.r.joins=and&rule.r.0.fact=mrr&rule.r.0.how=between&rule.r.0.value=9e999999&rule.r.0.high=%00",
    "rule.r.joins=and&rule.r.0.fact=seat_utilisation&rule.r.0.value=" + "9" * 900,
    "&".join(f"rule.r.{'0.' * n}joins=and" for n in range(90)),
    "rule.without=mrr%20nps&rule.find=%00%27%22",
]  # fmt: skip


@pytest.mark.parametrize("where", ["build", "look", "why"])
@pytest.mark.parametrize("body", NONSENSE)
def test_nonsense_is_answered(body: str, where: str, acme: Account, cs: User, signed_in_as: SignIn) -> None:
    response = signed_in_as(cs).post(
        f"/accounts/rules/{where}?of=rule",
        QueryDict(body).urlencode(),
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 200
