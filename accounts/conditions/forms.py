"""A form field for a rule, with the builder as its widget. Any form can embed it:

    class AudienceForm(RuleForm):
        name = forms.CharField(max_length=120)
        audience = RuleField(label="Audience", required=False)

    form = AudienceForm(request.POST or None, initial={"audience": campaign.audience})
    form.rule_field("audience").before = campaign.audience    # optional: the live rule, for who enters and leaves
    if request.method != "POST" or not form.is_valid():
        return render(request, "…", {"form": form}, status=422 if form.errors else 200)
    campaign.audience = form.cleaned_data["audience"]

**Going in**, `initial` is the JSON of a rule (`rules/reading.py`), or None for a
rule without conditions. **Coming out**, `cleaned_data` has the JSON again, read
and written by `read_rule` and `written`; a rule that was not touched comes out
equal. Without conditions it is everybody, `{"op": "and", "items": []}`, which a
required field refuses. `read_rule(json, field.words)` makes it a tree.

**The buttons of the builder are submits.** Add, remove, move and the rest send
the whole form to its own address with `<field>.step`; a RuleForm that is sent
so is never valid and has no errors, so that the view above shows it again with
the tree changed and all else as typed. With scripts the same buttons ask
`rule-build` for the builder alone. The view needs to know nothing of this.

**In the template** `{% include "core/shell/_field.html" with field=form.audience only %}`
or `{{ form.audience }}`, inside `<form method="post" novalidate>`, with a field
of the form's own before or after as needed. Give it room: on a page
of its own the tree and the counts stand side by side, in less room one above the other.

`without` names facts that the rule may not speak of, such as a segment's own
membership. `has_preview=False` leaves the live counts out, where the page has its own.
Field names start with the field's name and a dot; do not give another field
such a name.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.conditions.built import Built, is_step, read_built
from accounts.conditions.preview import Faults, read_draft
from accounts.conditions.queries import vocabulary
from accounts.conditions.rules.draft import EMPTY, draft_of
from accounts.conditions.rules.reading import written
from accounts.conditions.rules.vocabulary import Vocabulary
from accounts.conditions.view import builder_context

PUT_RIGHT = "Put right what is marked in the rule."
NOTHING_ASKED = "Add at least one condition: without any, every account would match."


class RuleBuilder(forms.Widget):
    """The tree of conditions with its buttons, and what the rule does, beside it."""

    use_fieldset = True
    without: Collection[str] = ()
    before: Any = None
    has_preview = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.faults: Faults = {}
        self._words: Vocabulary | None = None

    @property
    def words(self) -> Vocabulary:
        """What the rule may speak of, read once a form."""
        if self._words is None:
            self._words = vocabulary(self.without)
        return self._words

    def __deepcopy__(self, memo: dict[int, Any]) -> "RuleBuilder":
        copied = super().__deepcopy__(memo)
        copied.faults, copied._words = {}, None
        return copied

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Built:
        """What was typed, after the step that was asked for."""
        return read_built(data if isinstance(data, QueryDict) else _query(data), name, self.words)

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return not any(key.startswith(f"{name}.r.") for key in data)

    def id_for_label(self, id_: str) -> str:
        return ""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The builder as HTML; `value` is what was typed, or the JSON of a rule."""
        built = value if isinstance(value, Built) else self.built_of(value)
        if built.before is None and self.before is not None:
            built = replace(built, before=self.before)
        context = builder_context(
            name, built, self.words, self.faults, without=self.without, has_preview=self.has_preview
        )
        return SafeString(render_to_string("accounts/conditions/_builder.html", context))

    def built_of(self, rule: Any) -> Built:
        """A builder that nobody has touched."""
        return Built(draft_of(rule, self.words) if rule is not None else EMPTY, before=self.before)


class RuleField(forms.Field):
    """A rule over account facts as JSON; see the module's docstring."""

    widget = RuleBuilder

    def __init__(self, *, without: Collection[str] = (), has_preview: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.builder.without = tuple(without)
        self.builder.has_preview = has_preview

    @property
    def builder(self) -> RuleBuilder:
        return cast(RuleBuilder, self.widget)

    @property
    def words(self) -> Vocabulary:
        """The vocabulary that the rule is read with."""
        return self.builder.words

    @property
    def before(self) -> Any:
        """The JSON of the rule that is live, to tell who enters and who leaves."""
        return self.builder.before

    @before.setter
    def before(self, rule: Any) -> None:
        self.builder.before = rule

    def clean(self, value: Any) -> dict[str, Any]:
        """The JSON of the rule; what is wrong is marked where it was typed."""
        built = value if isinstance(value, Built) else self.builder.built_of(value)
        node, self.builder.faults = read_draft(built, self.words)
        if node is None:
            general = self.builder.faults.get(((), ""), "")
            raise forms.ValidationError(general or PUT_RIGHT)
        if self.required and not built.draft.items:
            raise forms.ValidationError(NOTHING_ASKED)
        return written(node)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.builder.built_of(initial).draft != (data.draft if isinstance(data, Built) else data))


class RuleForm(forms.Form):
    """A form with rules in it: a button of a builder never saves it."""

    @property
    def is_step(self) -> bool:
        """Whether a button of a builder sent this form."""
        rules = [name for name, field in self.fields.items() if isinstance(field, RuleField)]
        return self.is_bound and any(is_step(self.data, self.add_prefix(name)) for name in rules)

    def rule_field(self, name: str) -> RuleField:
        """One of the rules, to say what it is compared with."""
        return cast(RuleField, self.fields[name])

    def is_valid(self) -> bool:
        return not self.is_step and super().is_valid()

    def full_clean(self) -> None:
        """Nothing is judged while a builder is at work: what was typed stays, unmarked."""
        if self.is_step:
            self._errors = ErrorDict()
            self.cleaned_data: dict[str, Any] = {}
            return
        super().full_clean()


def _query(data: Mapping[str, Any]) -> QueryDict:
    query = QueryDict(mutable=True)
    for key, value in data.items():
        query.setlist(key, value if isinstance(value, list) else [value])
    return query
