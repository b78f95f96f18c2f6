"""The builder's own answers at /accounts/rules/: the tree after a step, what the rule does now, why an account matches.

Each takes the form that the builder stands in, and `of`, the name of the rule's
field in it. Nothing is written.
"""

import json
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.conditions.built import Built, read_built
from accounts.conditions.queries import vocabulary
from accounts.conditions.rules.vocabulary import Vocabulary
from accounts.conditions.view import looked_at, tree_context

FIRST_NAME = "rule"


@require_POST
def build(request: HttpRequest) -> HttpResponse:
    """The tree after a step, or after a fact was chosen; what it does is asked for apart, as counting can take long."""
    prefix, built, words = _sent(request)
    response = render(request, "accounts/conditions/_tree.html", tree_context(prefix, built, words, {}))
    if built.said:
        response["HX-Trigger"] = json.dumps({"announce": {"message": built.said, "tone": "calm"}})
    return response


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Who matches the rule as it is typed, and why the chosen account does or does not."""
    prefix, built, words = _sent(request)
    return render(request, "accounts/conditions/_look.html", looked_at(prefix, built, words))


@require_POST
def why(request: HttpRequest) -> HttpResponse:
    """Accounts with the typed name, or why the one that was chosen matches or not."""
    prefix, built, words = _sent(request)
    if request.headers.get("HX-Trigger-Name") == f"{prefix}.find":
        built = replace(built, account=0)  # another name is being typed
    return render(request, "accounts/conditions/_why.html", looked_at(prefix, built, words))


def _sent(request: HttpRequest) -> tuple[str, Built, Vocabulary]:
    prefix = request.GET.get("of", "") or FIRST_NAME
    words = vocabulary(request.POST.get(f"{prefix}.without", "").split())
    return prefix, read_built(request.POST, prefix, words), words
