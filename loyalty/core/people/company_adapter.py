"""What allauth asks us while somebody signs in through an identity provider; its own sign-up never runs."""

from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base import AuthError, Provider
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from loyalty.core.people.company import admit_vouched, company_app
from loyalty.core.people.forms import SignInForm
from loyalty.core.people.pages import address_of, enter
from loyalty.core.people.verbs import SignInRefused


def refused(request: HttpRequest, words: str) -> HttpResponse:
    """The page of signing in, which says why somebody was not let in. HTTP 403."""
    context = {"form": SignInForm(), "next": "", "company": company_app(), "refusal": words}
    return render(request, "core/people/sign_in.html", context, status=403)


class CompanyAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Decides whom the provider's word lets in."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> NoReturn:
        """Let in whom `admit_vouched` finds, or say why not; allauth looks for nobody by itself."""
        app, wanted = sociallogin.provider.app, str(sociallogin.state.get("next") or "")
        # Some providers send the word “false”.
        verified = [a.email for a in sociallogin.email_addresses if str(a.verified).lower() == "true"]
        try:
            person = admit_vouched(app, sociallogin.account.uid, verified, address_of(request))
        except SignInRefused as refusal:
            response = refused(request, str(refusal))
        else:
            response = enter(request, person, wanted, app.name)
        raise ImmediateHttpResponse(response)

    def on_authentication_error(
        self, request: HttpRequest, provider: Provider, error: str | None = None, **kwargs: Any
    ) -> NoReturn:
        """Say that nobody was let in."""
        name = provider.app.name
        if error == AuthError.CANCELLED:
            words = f"You did not sign in with {name}."
        else:
            words = f"Signing in with {name} did not work. Please try again."
        raise ImmediateHttpResponse(refused(request, words))


class SignedTokens(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Believes an id token only by its signature, though it came by TLS, and the userinfo only of the same subject."""

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Who it is; raises OAuth2Error when token and userinfo do not go together."""
        try:
            login = super().complete_login(request, app, token, **kwargs)
        except (KeyError, TypeError, ValueError) as malformed:
            raise OAuth2Error("What the provider sent is not as it should be") from malformed
        told = login.account.extra_data
        if told.get("id_token", {}).get("sub") != login.account.uid:
            raise OAuth2Error("The userinfo is of another subject than the id token")
        login.account.extra_data = {}
        return login

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        return claims
