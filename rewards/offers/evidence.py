"""Why an account gets an offer: the words, made from the data that the offer keeps and never changes.

The data says what set the campaign off (`cause`), the trigger and the audience
in the campaign's words and as rules, the facts of the day, and the versions.
Pure; never a name of a person: evidence outlives them. Offers made before the
data was kept this way hold the words themselves, which are told as they stand.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.conditions.rules.reading import BadRule, read_rule
from accounts.conditions.rules.tree import All, Leaf, Node, walk
from accounts.conditions.rules.vocabulary import Vocabulary
from accounts.conditions.rules.words import leaf_in_words, value_text
from loyalty.core.figures import day_text, number_text
from loyalty.core.money import money

Stored = Mapping[str, Any]

# Told in sentences of their own, or with another fact.
IN_SENTENCES = frozenset({"seats_active", "seats_bought", "seat_utilisation", "arr", "renews_on", "days_to_renewal"})
ALWAYS_SHOWN = ("seats_active", "seats_bought", "arr", "renews_on")


def summary(stored: Stored) -> str:
    """The reason in half a line, for lists."""
    if "summary" in stored:
        return str(stored["summary"])
    cause = stored["cause"]
    day = day_text(_day_of(cause))
    match cause["fact"]:
        case "milestone":
            times = "" if cause["count"] == 1 else f", {number_text(cause['count'])} times"
            return f"{cause['name']}{times}, {day}"
        case "streak" | "track":
            return f"{cause['name']}, {number_text(cause['length'])} in a row, {day}"
        case "segment":
            return f"Entered {cause['name']}, {day}"
        case "tier":
            return f"Reached {cause['name']}, {day}"
        case "referral":
            return f"Referred {cause['name']}, {day}"
        case "quiz":
            return f"Preference quiz completed, {day}"
        case "renewal":
            return f"Renewal {cause['name']} paid, {day}"
    return f"{stored['trigger']}, since {day}"


def rendered(stored: Stored, vocabulary: Vocabulary) -> dict[str, Any]:
    """The whole evidence: a summary for lists, words, facts against thresholds, terms, and the events behind it.

    Days and times are ISO text, as in the data.
    """
    if "words" in stored:
        return dict(stored)
    return {
        "summary": summary(stored),
        "words": [_reason(stored), *_sentences(stored, vocabulary)],
        "facts": list(_facts(stored, vocabulary)),
        "terms": _terms(stored),
        "events": _events(stored["cause"]),
    }


def _reason(stored: Stored) -> str:
    cause = stored["cause"]
    name, day = cause.get("name", ""), day_text(_day_of(cause))
    match cause["fact"]:
        case "milestone":
            times = "for the first time" if cause["count"] == 1 else f"{number_text(cause['count'])} times"
            return f"“{cause['event']}” {times}, on {_moment(cause)}: the milestone “{name}” is reached."
        case "streak" | "track":
            what = "streak" if cause["fact"] == "streak" else "power-user track"
            since = day_text(date.fromisoformat(cause["from"]))
            return f"{number_text(cause['length'])} in a row from {since} on, on {day}: the {what} “{name}” is reached."
        case "segment":
            return f"On {day} the account entered the segment “{name}”."
        case "tier":
            return f"On {day} the account reached the tier “{name}”."
        case "referral":
            return f"{name}, which this account referred, paid its first invoice on {day}."
        case "quiz":
            return f"A contact completed the preference quiz on {_moment(cause)}."
        case "renewal":
            return f"The renewal invoice {cause['name']} was paid on {_moment(cause)}."
    if cause.get("event"):
        return f"“{cause['event']}” on {_moment(cause)}: {stored['trigger'][0].lower()}{stored['trigger'][1:]}."
    return f"{stored['trigger']}, since {day}."


def _sentences(stored: Stored, vocabulary: Vocabulary) -> Iterator[str]:
    """The facts that matter, in words; what is unknown is left out, not told as zero."""
    facts, currency = stored["facts"], stored["currency"]
    if facts is None:
        return
    day = date.fromisoformat(stored["day"])
    on = day_text(day)
    active, bought = facts.get("seats_active"), facts.get("seats_bought")
    if active is not None and bought:
        yield f"{number_text(active)} of {number_text(bought)} seats active on {on}."
    elif active is not None:
        yield f"{number_text(active)} {'person' if active == 1 else 'people'} active in 30 days, on {on}."
    if facts.get("arr"):
        yield f"ARR {money(str(facts['arr']), currency)} on {on}."
    if facts.get("renews_on"):
        renewal = date.fromisoformat(facts["renews_on"])
        yield f"Renewal on {day_text(renewal)}, {_away((renewal - day).days)}."
    for name in dict.fromkeys(leaf.fact for leaf, _ in _leaves(stored, vocabulary)):
        if name not in IN_SENTENCES and facts.get(name) is not None:
            told = value_text(vocabulary[name], _value(facts[name]), currency)
            yield f"{vocabulary[name].label}: {told} on {on}."


def _facts(stored: Stored, vocabulary: Vocabulary) -> Iterator[dict[str, Any]]:
    cause = stored["cause"]
    if cause["fact"] == "milestone":
        count = number_text(cause["count"])
        yield _row(f"“{cause['event']}” events", count, count, _day_of(cause).isoformat(), "usage", True)
    if stored["facts"] is None:
        return
    judged = set()
    for leaf, met in _leaves(stored, vocabulary):
        judged.add(leaf.fact)
        said = leaf_in_words(leaf, vocabulary, stored["currency"])
        threshold = said.removeprefix(f"{vocabulary[leaf.fact].label} ").removeprefix("is ")
        yield _fact(stored, leaf.fact, vocabulary, threshold, met)
    for name in ALWAYS_SHOWN:
        if name not in judged:
            yield _fact(stored, name, vocabulary, None, None)


def _fact(stored: Stored, name: str, vocabulary: Vocabulary, threshold: str | None, met: bool | None) -> dict[str, Any]:
    fact = vocabulary[name]
    value = value_text(fact, _value(stored["facts"].get(name), fact_is_day=name == "renews_on"), stored["currency"])
    sources = " and ".join(kind.value for kind in fact.meaning.kinds)
    return _row(fact.label, value, threshold, stored["day"], sources, met)


def _row(name: str, value: str, threshold: str | None, day: str, source: str, met: bool | None) -> dict[str, Any]:
    return {"name": name, "value": value, "threshold": threshold, "day": day, "source": source, "met": met}


def _leaves(stored: Stored, vocabulary: Vocabulary) -> Iterator[tuple[Leaf, bool | None]]:
    """Each condition of trigger and audience; met for sure where no alternative stands above it."""
    for name in ("rule", "audience_rule"):
        try:
            node = read_rule(stored[name], vocabulary) if stored.get(name) else None
        except BadRule:
            # The language moved on since; the words of the trigger still tell it.
            continue
        if node is not None:
            for leaf in walk(node):
                if isinstance(leaf, Leaf):
                    yield leaf, True if _needs_all(node) else None


def _needs_all(node: Node) -> bool:
    return isinstance(node, Leaf) or (isinstance(node, All) and all(isinstance(part, Leaf) for part in node.items))


def _terms(stored: Stored) -> list[dict[str, str]]:
    cause = stored["cause"]
    terms = [
        ("Campaign", f"{stored['campaign']}, version {stored['version']}"),
        ("Trigger", stored["trigger"]),
    ]
    if cause.get("version") and cause.get("name"):
        terms.append((cause["fact"].capitalize(), f"{cause['name']}, version {cause['version']}"))
    if stored.get("audience"):
        terms.append(("Audience", stored["audience"]))
    if stored["step"] > 1:
        terms.append(("Step of the ladder", str(stored["step"])))
    addressed = stored["addressed"]
    terms.append(("Addressed to", _recipient(stored) if addressed else "no contact: nobody who consents"))
    return [{"name": name, "value": value} for name, value in terms]


def _recipient(stored: Stored) -> str:
    if stored["cause"].get("contact"):
        return "the contact who answered"
    return "the economic buyer" if stored.get("recipient") == "economic_buyer" else "the champion"


def _events(cause: Mapping[str, Any]) -> list[dict[str, str]]:
    if not cause.get("at") or not cause.get("event"):
        return []
    message = cause.get("message")
    return [{"name": cause["event"], "at": cause["at"], "detail": f"message {message}" if message else ""}]


def _value(raw: Any, *, fact_is_day: bool = False) -> Any:
    if isinstance(raw, float):
        return Decimal(str(raw))
    return date.fromisoformat(raw) if fact_is_day and raw else raw


def _day_of(cause: Mapping[str, Any]) -> date:
    return date.fromisoformat(cause["on"]) if cause.get("on") else datetime.fromisoformat(cause["at"]).date()


def _moment(cause: Mapping[str, Any]) -> str:
    at = datetime.fromisoformat(cause["at"])
    return f"{day_text(at.date())}, {at:%H:%M} UTC"


def _away(days: int) -> str:
    if days == 0:
        return "today"
    unit = "day" if abs(days) == 1 else "days"
    return f"{number_text(days)} {unit} away" if days > 0 else f"{number_text(-days)} {unit} ago"
