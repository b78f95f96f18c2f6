"""What allauth asks us while somebody signs in whose password, or identity provider, was right."""

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from loyalty.core.people.models import User
from loyalty.core.people.pages import address_of
from loyalty.core.people.sessions import note_session
from loyalty.core.people.verbs import note_sign_in


class SignInAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Asks for the second factor where there is one, and notes who is let in, from where."""

    def get_login_stages(self) -> list[str]:
        """The second factor alone: there are no addresses and telephones to verify, for administrators set them."""
        return ["allauth.mfa.stages.AuthenticateStage"]

    @transaction.atomic
    def post_login(
        self,
        request: HttpRequest,
        user: User,
        *,
        signal_kwargs: Mapping[str, str],
        redirect_url: str,
        **kwargs: Any,
    ) -> HttpResponse:
        """Leave the line, note the browser, and take the person where they wanted to go; every stage is passed."""
        address = address_of(request)
        note_sign_in(user, address, signal_kwargs["through"])
        note_session(request, user, address)
        return redirect(redirect_url)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Begin anew: who was deactivated since their password was looked at is told so there."""
        return redirect("sign-in")
