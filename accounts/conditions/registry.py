"""What higher rooms add to what rules may speak of: the known values of a word, and facts of their own."""

from collections.abc import Callable, Iterable

from accounts.conditions.rules.vocabulary import Choice, Fact

Choices = Callable[[], Iterable[Choice]]
Facts = Callable[[], Iterable[Fact]]

_choices: dict[str, Choices] = {}
_facts: list[Facts] = []


def add_choices(fact: str, choices: Choices) -> None:
    """Let a room name the values that a fact can take, such as the keys of its segments."""
    _choices[fact] = choices


def add_facts(facts: Facts) -> None:
    """Let a room add facts that are no column of their own."""
    if facts not in _facts:
        _facts.append(facts)


def registered_choices() -> dict[str, tuple[Choice, ...]]:
    """The known values of every registered fact, read now."""
    return {fact: tuple(choices()) for fact, choices in _choices.items()}


def registered_facts() -> dict[str, Fact]:
    """The added facts by name, read now."""
    return {fact.name: fact for facts in _facts for fact in facts()}
