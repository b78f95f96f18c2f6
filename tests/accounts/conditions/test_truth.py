"""The three-valued logic of rules, as a table, on real rows of facts."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts.conditions.queries import explain, matching, moved, vocabulary
from accounts.conditions.rules.reading import read_rule
from accounts.conditions.rules.tree import EVERYBODY
from accounts.records.models import Account
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 14)

TRUE = {"op": "compare", "fact": "sign_ins_30", "is": ">=", "value": "5"}
FALSE = {"op": "compare", "fact": "sign_ins_30", "is": "<", "value": "5"}
UNKNOWN = {"op": "compare", "fact": "nps", "is": ">=", "value": "9"}
T, F, U = TRUE, FALSE, UNKNOWN
IN_WORDS = {True: T, False: F, None: U}


def facts_row(account: Account, day: date = DAY, **facts: Any) -> None:
    names = ["day", "account_id", *facts]
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_facts_partitions(%s, %s)", [day, day])
        cursor.execute(
            f"INSERT INTO accounts_accountfacts ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})",
            [day, account.pk, *facts.values()],
        )


@pytest.fixture
def acme() -> Account:
    account = AccountFactory(name="Acme")
    facts_row(
        account,
        sign_ins_30=12,
        mrr=Decimal("100.00"),
        renews_on=DAY + timedelta(days=60),
        milestones=["onboarding-completed"],
        plan_segment="mid_market",
        cancellation_intent=False,
    )
    facts_row(account, DAY - timedelta(days=30), mrr=Decimal("80.00"), nps=Decimal(9), sign_ins_30=2)
    return account


def truth(account: Account, rule: dict[str, Any]) -> bool | None:
    words = vocabulary()
    found = explain(read_rule(rule, words), words, account.pk, day=DAY)
    assert found is not None
    return found.told.truth


KLEENE_AND = [
    (True, True, True), (True, False, False), (True, None, None),
    (False, False, False), (False, None, False), (None, None, None),
]  # fmt: skip
KLEENE_OR = [
    (True, True, True), (True, False, True), (True, None, True),
    (False, False, False), (False, None, None), (None, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right", "expected"), KLEENE_AND)
def test_and(acme: Account, left: bool | None, right: bool | None, expected: bool | None) -> None:
    for pair in ([left, right], [right, left]):
        assert truth(acme, {"op": "and", "items": [IN_WORDS[t] for t in pair]}) is expected


@pytest.mark.parametrize(("left", "right", "expected"), KLEENE_OR)
def test_or(acme: Account, left: bool | None, right: bool | None, expected: bool | None) -> None:
    for pair in ([left, right], [right, left]):
        assert truth(acme, {"op": "or", "items": [IN_WORDS[t] for t in pair]}) is expected


@pytest.mark.parametrize(("given", "expected"), [(True, False), (False, True), (None, None)])
def test_not(acme: Account, given: bool | None, expected: bool | None) -> None:
    assert truth(acme, {"op": "not", "item": IN_WORDS[given]}) is expected


LEAVES: list[tuple[dict[str, Any], bool | None]] = [
    ({"op": "compare", "fact": "sign_ins_30", "is": "=", "value": "12"}, True),
    ({"op": "compare", "fact": "sign_ins_30", "is": "!=", "value": "12"}, False),
    ({"op": "compare", "fact": "sign_ins_30", "is": ">", "value": "12"}, False),
    ({"op": "compare", "fact": "sign_ins_30", "is": "<=", "value": "12"}, True),
    ({"op": "compare", "fact": "nps", "is": "!=", "value": "3"}, None),
    ({"op": "compare", "fact": "plan_segment", "is": "=", "value": "mid_market"}, True),
    ({"op": "compare", "fact": "cancellation_intent", "is": "=", "value": True}, False),
    ({"op": "compare", "fact": "renews_on", "is": ">", "value": "2026-12-31"}, True),
    ({"op": "between", "fact": "sign_ins_30", "low": "12", "high": "12"}, True),
    ({"op": "between", "fact": "sign_ins_30", "low": "1", "high": "11"}, False),
    ({"op": "between", "fact": "nps", "low": "0", "high": "10"}, None),
    ({"op": "in", "fact": "plan_segment", "values": ["enterprise", "mid_market"]}, True),
    ({"op": "in", "fact": "billing_frequency", "values": ["annual"]}, None),
    (
        {"op": "has", "fact": "milestones", "how": "any", "values": ["onboarding-completed", "integration-connected"]},
        True,
    ),
    (
        {"op": "has", "fact": "milestones", "how": "all", "values": ["onboarding-completed", "integration-connected"]},
        False,
    ),
    ({"op": "has", "fact": "milestones", "how": "none", "values": ["integration-connected"]}, True),
    ({"op": "unknown", "fact": "nps"}, True),
    ({"op": "unknown", "fact": "sign_ins_30"}, False),
    ({"op": "next_days", "fact": "renews_on", "days": 60}, True),
    ({"op": "next_days", "fact": "renews_on", "days": 59}, False),
    ({"op": "changed", "fact": "mrr", "direction": "up", "by": "25", "as": "percent", "days": 30}, True),
    ({"op": "changed", "fact": "mrr", "direction": "up", "by": "25.1", "as": "percent", "days": 30}, False),
    ({"op": "changed", "fact": "mrr", "direction": "up", "by": "20", "as": "amount", "days": 30}, True),
    ({"op": "changed", "fact": "mrr", "direction": "down", "by": "1", "as": "amount", "days": 30}, False),
    ({"op": "changed", "fact": "mrr", "direction": "up", "by": "1", "as": "amount", "days": 29}, None),
    ({"op": "changed", "fact": "nps", "direction": "up", "by": "1", "as": "amount", "days": 30}, None),
    ({"op": "within", "days": 31, "item": {"op": "compare", "fact": "nps", "is": ">=", "value": "9"}}, True),
    ({"op": "within", "days": 30, "item": {"op": "compare", "fact": "nps", "is": ">=", "value": "9"}}, None),
    ({"op": "within", "days": 31, "item": {"op": "compare", "fact": "sign_ins_30", "is": ">", "value": "50"}}, False),
]


@pytest.mark.parametrize(("rule", "expected"), LEAVES)
def test_a_condition(acme: Account, rule: dict[str, Any], expected: bool | None) -> None:
    # The day 30 days back has no facts but those of acme: a window of 31 days reaches it.
    assert truth(acme, rule) is expected


def test_only_what_is_true_matches(acme: Account) -> None:
    AccountFactory(name="Never worked out")
    words = vocabulary()

    assert matching(read_rule(UNKNOWN, words), words).count == 0
    assert matching(read_rule({"op": "not", "item": UNKNOWN}, words), words).count == 0
    found = matching(read_rule(TRUE, words), words)
    assert (found.day, found.count, found.of, found.sample) == (DAY, 1, 1, [(acme.pk, "Acme")])
    assert matching(EVERYBODY, words).count == 1


def test_an_edit_tells_who_enters_and_who_leaves(acme: Account) -> None:
    beta = AccountFactory(name="Beta")
    facts_row(beta, sign_ins_30=2)
    words = vocabulary()

    told = moved(read_rule(TRUE, words), read_rule(FALSE, words), words)

    assert (told.before, told.after, told.enters, told.leaves) == (1, 1, 1, 1)
    assert (told.entering, told.leaving) == ([(beta.pk, "Beta")], [(acme.pk, "Acme")])


def test_the_reason_is_told_in_words(acme: Account) -> None:
    words = vocabulary()
    rule = {"op": "and", "items": [TRUE, UNKNOWN, {"op": "not", "item": TRUE}]}

    found = explain(read_rule(rule, words), words, acme.pk, day=DAY)

    assert found is not None
    assert found.sentence == (
        "No match, because Sign-ins is at least 5 (12), must not be: Sign-ins is at least 5 (12), "
        "not known: NPS is at least 9."
    )
    assert explain(read_rule(rule, words), words, acme.pk, day=date(2020, 1, 1)) is None

    allowed = explain(read_rule({"op": "not", "item": FALSE}, words), words, acme.pk, day=DAY)
    refused = explain(read_rule(FALSE, words), words, acme.pk, day=DAY)
    assert allowed is not None
    assert refused is not None
    assert allowed.sentence == "Because not Sign-ins is below 5 (12)."
    assert refused.sentence == "No match, because not: Sign-ins is below 5 (12)."


def test_until_the_nightly_run_comes_by_the_others_stand_on_yesterday(acme: Account) -> None:
    beta, gone = AccountFactory(name="Beta"), AccountFactory(name="Gone")
    facts_row(beta, DAY - timedelta(days=1), sign_ins_30=7)
    facts_row(acme, DAY - timedelta(days=1), sign_ins_30=1)
    facts_row(gone, DAY - timedelta(days=2), sign_ins_30=7)
    words = vocabulary()

    now = matching(read_rule(TRUE, words), words)
    assert (now.day, now.count, now.of, now.sample) == (DAY, 2, 2, [(acme.pk, "Acme"), (beta.pk, "Beta")])
    assert matching(read_rule(TRUE, words), words, day=DAY).count == 1
    told = moved(read_rule(TRUE, words), read_rule(FALSE, words), words)
    assert (told.before, told.after, told.enters, told.leaves) == (2, 0, 0, 2)
    assert moved(read_rule(TRUE, words), read_rule(FALSE, words), words, day=DAY).before == 1
