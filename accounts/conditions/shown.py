"""The draft as the builder's templates take it: every field with its name, its choices and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from accounts.conditions.built import Built, field_id, field_name
from accounts.conditions.preview import Faults
from accounts.conditions.rules.draft import NO, YES, Block, Line, Part, Path
from accounts.conditions.rules.hows import ASKED, Asks, asking, measure_words, unit_words
from accounts.conditions.rules.steps import can_move, name_of, number_of
from accounts.conditions.rules.vocabulary import Fact, Shape, Vocabulary
from accounts.facts.rules import GROUPS

MANY_CHOICES = 8


@dataclass(frozen=True)
class Option:
    """One choice of a list."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Control:
    """One field: `error` is empty when nothing is wrong; `here`: it takes the focus after a step."""

    name: str
    id: str
    label: str
    value: str
    error: str
    here: bool
    options: Sequence[Option] = ()
    unit: str = ""


@dataclass(frozen=True)
class Tool:
    """A button that changes the tree; `step` is what it sends."""

    step: str
    id: str
    label: str
    icon: str
    here: bool
    is_off: bool = False
    words: str = ""
    is_pressed: bool = False


@dataclass(frozen=True)
class ShownWrap:
    """`not`, or `within` with its days, and the button that takes it away."""

    op: str
    op_name: str
    days: Control
    remove: Tool


@dataclass(frozen=True)
class Shown:
    """One part: a group has `items`, a condition its fields; the value's `kind` is text, number, day or choice."""

    is_group: bool
    is_root: bool
    number: str
    label: str
    error: str
    wraps: Sequence[ShownWrap]
    tools: Sequence[Tool]
    joins: Control | None = None
    bare_name: str = ""
    items: Sequence["Shown"] = ()
    add: Sequence[Tool] = ()
    fact: Control | None = None
    was_name: str = ""
    groups: Sequence[tuple[str, Sequence[Option]]] = ()
    how: Control | None = None
    kind: str = ""
    value: Control | None = None
    high: Control | None = None
    values: Control | None = None
    has_many: bool = False
    measure: Control | None = None
    days: Control | None = None
    says: str = ""

    @property
    def typed(self) -> list[Control]:
        """The fields of a condition that are shown."""
        every = (self.fact, self.how, self.value, self.high, self.values, self.measure, self.days)
        return [control for control in every if control is not None]


class Showing:
    """Makes the view of one builder."""

    def __init__(self, prefix: str, built: Built, words: Vocabulary, faults: Faults) -> None:
        self.prefix, self.built, self.words, self.faults = prefix, built, words, faults
        self.field = _on_from(built)

    def part(self, part: Part, path: Path = ()) -> Shown:
        return self._block(part, path) if isinstance(part, Block) else self._line(part, path)

    def _block(self, block: Block, path: Path) -> Shown:
        joins = [Option("and", "all of these", block.joins == "and"), Option("or", "any of these", block.joins == "or")]
        here = name_of(block, path).lower()
        return Shown(
            is_group=True,
            is_root=not path,
            number=number_of(path),
            label=name_of(block, path),
            error=self.faults.get((path, ""), ""),
            wraps=self._wraps(block, path),
            tools=self._tools(block, path),
            joins=self._control(path, "joins", "How the parts count", block.joins, joins),
            bare_name=field_name(self.prefix, path, "bare") if block.is_bare else "",
            items=[self.part(item, (*path, n)) for n, item in enumerate(block.items)],
            add=[
                self._tool(path, "add", f"Add a condition to {here}", "plus", "Condition"),
                self._tool(path, "group", f"Add a group to {here}", "plus", "Group"),
            ],
        )

    def _line(self, line: Line, path: Path) -> Shown:
        fact = self.words.get(line.fact)
        asks = asking(fact, line.how).asks if fact else None
        number, several = asks in (Asks.ONE, Asks.RANGE, Asks.CHANGE), asks is Asks.SOME
        return Shown(
            is_group=False,
            is_root=False,
            number=number_of(path),
            label=name_of(line, path),
            error=self.faults.get((path, ""), ""),
            wraps=self._wraps(line, path),
            tools=self._tools(line, path),
            fact=self._control(path, "fact", "Fact", line.fact),
            was_name=field_name(self.prefix, path, "was"),
            groups=self._facts(line.fact),
            how=self._how(fact, line, path) if fact else None,
            kind=_kind(fact),
            value=self._value(fact, line, path, asks) if fact and number else None,
            high=self._control(path, "high", "To", line.high, unit=self._unit(fact)) if asks is Asks.RANGE else None,
            values=self._values(fact, line, path) if fact and several else None,
            has_many=bool(fact and len(fact.choices) > MANY_CHOICES),
            measure=self._measure(fact, line, path) if fact and asks is Asks.CHANGE else None,
            days=self._control(path, "days", "Days", line.days, unit="days")
            if asks in (Asks.AHEAD, Asks.CHANGE)
            else None,
            says=fact.meaning.says if fact else "",
        )

    def _facts(self, chosen: str) -> list[tuple[str, list[Option]]]:
        """Every fact under its group; those that higher rooms added, and those no longer there, come last."""
        left = dict(self.words)
        groups: list[tuple[str, list[Option]]] = []
        for label, meanings in GROUPS:
            facts = [left.pop(meaning.name) for meaning in meanings if meaning.name in left]
            groups.append((label, [self._fact(fact, chosen) for fact in facts]))
        groups.append(("More", [self._fact(fact, chosen) for fact in left.values()]))
        if chosen and chosen not in self.words:
            groups.append(("No longer there", [Option(chosen, chosen, True)]))
        return [(label, options) for label, options in groups if options]

    def _fact(self, fact: Fact, chosen: str) -> Option:
        unit = unit_words(fact.unit, settings.REPORTING_CURRENCY)
        is_said = unit.lower() in fact.label.lower()
        return Option(fact.name, fact.label if is_said else f"{fact.label} ({unit})", fact.name == chosen)

    def _how(self, fact: Fact, line: Line, path: Path) -> Control:
        now = asking(fact, line.how)
        ways = [Option(way.key, way.words, way is now) for way in ASKED[fact.shape]]
        return self._control(path, "how", "Comparison", now.key, ways)

    def _value(self, fact: Fact, line: Line, path: Path, asks: Asks | None) -> Control:
        label = {Asks.RANGE: "From", Asks.CHANGE: "By at least"}.get(asks or Asks.ONE, "Value")
        unit = "" if asks is Asks.CHANGE else self._unit(fact)
        return self._control(path, "value", label, line.value, _choices(fact, {line.value}), unit)

    def _values(self, fact: Fact, line: Line, path: Path) -> Control:
        known = {choice.value: choice.label for choice in fact.choices}
        # What is ticked comes first and keeps its order, so that a rule that nobody touches stays the same.
        ticked = [Option(value, known.get(value, f"{value} (no longer there)"), True) for value in line.values]
        options = [*ticked, *_choices(fact, set(line.values), but_chosen=True)] if known else []
        return self._control(path, "values", "Values", "\n".join(line.values), options)

    def _measure(self, fact: Fact, line: Line, path: Path) -> Control:
        amount = measure_words(fact.unit, settings.REPORTING_CURRENCY)
        ways = [Option("percent", "%", line.measure != "amount"), Option("amount", amount, line.measure == "amount")]
        return self._control(path, "measure", "Counted in", line.measure, ways)

    def _unit(self, fact: Fact | None) -> str:
        return unit_words(fact.unit, settings.REPORTING_CURRENCY) if fact else ""

    def _wraps(self, part: Part, path: Path) -> list[ShownWrap]:
        here, made = name_of(part, path).lower(), []
        for n, wrap in enumerate(part.wraps):
            what = "“not”" if wrap.op == "not" else "the last days"
            remove = self._tool(path, f"unwrap{n}", f"Take {what} away from {here}", "cross")
            days = self._control(path, f"wrap{n}", "Days", wrap.days, unit="days")
            made.append(ShownWrap(wrap.op, field_name(self.prefix, path, f"op{n}"), days, remove))
        return made

    def _tools(self, part: Part, path: Path) -> list[Tool]:
        here, negated = name_of(part, path).lower(), bool(part.wraps) and part.wraps[0].op == "not"
        tools = [
            self._tool(path, "negate", f"Not: turn {here} round", "", "Not", is_pressed=negated),
            self._tool(path, "within", f"Ask {here} of the last n days", "clock", "Last n days"),
        ]
        if not path:
            return tools
        return [
            *tools,
            self._tool(path, "up", f"Move {here} up", "up", is_off=not can_move(self.built.draft, path, "up")),
            self._tool(path, "down", f"Move {here} down", "down", is_off=not can_move(self.built.draft, path, "down")),
            self._tool(path, "remove", f"Remove {here}", "cross"),
        ]

    def _tool(
        self,
        path: Path,
        name: str,
        label: str,
        icon: str,
        words: str = "",
        *,
        is_off: bool = False,
        is_pressed: bool = False,
    ) -> Tool:
        step = f"{name} {'.'.join(str(n) for n in path)}".strip()
        identity, here = field_id(self.prefix, path, name), self._is_here(path, name) and not is_off
        return Tool(step, identity, label, icon, here, is_off, words, is_pressed)

    def _control(
        self, path: Path, name: str, label: str, value: str, options: Sequence[Option] = (), unit: str = ""
    ) -> Control:
        return Control(
            name=field_name(self.prefix, path, name),
            id=field_id(self.prefix, path, name),
            label=label,
            value=value,
            error=self.faults.get((path, name), ""),
            here=self._is_here(path, name),
            options=options,
            unit=unit,
        )

    def _is_here(self, path: Path, name: str) -> bool:
        return bool(self.built.said) and (path, name) == (self.built.at, self.field)


def _on_from(built: Built) -> str:
    """Where to go on: a part that was moved to the edge goes on with the way back."""
    back = {"up": "down", "down": "up"}.get(built.field)
    return back if back and not can_move(built.draft, built.at, built.field) else built.field


def _kind(fact: Fact | None) -> str:
    if fact is None:
        return ""
    if fact.choices or fact.shape is Shape.YES_OR_NO:
        return "choice"
    return {Shape.NUMBER: "number", Shape.DAY: "day"}.get(fact.shape, "text")


def _choices(fact: Fact, chosen: set[str], *, but_chosen: bool = False) -> list[Option]:
    if fact.shape is Shape.YES_OR_NO:
        return [Option(YES, "yes", YES in chosen), Option(NO, "no", NO in chosen)]
    left = [choice for choice in fact.choices if not (but_chosen and choice.value in chosen)]
    return [Option(choice.value, choice.label, choice.value in chosen) for choice in left]
