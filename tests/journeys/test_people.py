"""Administrators invite, seat and let go; the invited choose a password and look after their sign-ins."""

import time
from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import expect

from loyalty.core.people.models import User
from tests.factories.people import PASSWORD
from tests.journeys.visitor import Visitor

NEW = "an entirely different secret"


@pytest.mark.usefixtures("transactional_db")
def test_from_invitation_to_leaving(enter: Callable[..., Visitor], administrator: User, cs: User) -> None:
    ada, nia = enter(), enter(scripts=False)
    ada.sign_in(administrator.username, PASSWORD)
    ada.go("/settings/people/")
    ada.inspect("people")
    ada.page.get_by_role("link", name="Invite somebody").click()
    ada.page.get_by_label("Name", exact=True).fill("Nia Obi")
    ada.page.get_by_label("Username").fill("nia")
    ada.page.get_by_label("Finance").select_option(label="Lead: escalations come here")
    ada.inspect("invite", briefly=True)
    ada.page.get_by_role("button", name="Make the person and the link").click()
    shown = ada.page.get_by_role("status", name="Link")
    expect(shown.get_by_role("heading")).to_have_text("The link of Nia Obi")
    ada.inspect("person")
    link = shown.locator("code").inner_text()

    nia.page.goto(link)
    nia.page.get_by_label("New password").fill(NEW)
    nia.page.get_by_label("Once more").fill(NEW)
    nia.page.get_by_role("button", name="Set the password").click()
    nia.sign_in("nia", NEW)
    nia.go("/settings/")
    expect(nia.page.get_by_role("region", name="Who you are")).to_contain_text("Finance")
    nia.page.get_by_role("button", name="Sign out everywhere else").click()
    expect(nia.announced("Signed out in 0 other places.")).to_be_visible()
    ada.go("/settings/")
    ada.inspect("you")

    ada.page.get_by_role("link", name="Second factor").click()
    ada.page.get_by_role("button", name="Set it up").click()
    expect(ada.page.get_by_role("img", name="The key as a QR code")).to_be_visible()
    ada.inspect("second-factor", briefly=True)
    secret = ada.page.locator("code.secret").inner_text()
    ada.page.get_by_label("Code", exact=True).fill(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    ada.page.get_by_role("button", name="Confirm").click()
    codes = ada.page.get_by_role("status", name="Your recovery codes")
    expect(codes.get_by_role("listitem")).to_have_count(10)
    ada.inspect("recovery-codes", briefly=True)
    ada.page.context.clear_cookies()
    used = codes.get_by_role("listitem").first.inner_text()
    ada.sign_in(administrator.username, PASSWORD)
    ada.page.get_by_label("Code", exact=True).fill(used)
    ada.inspect("code", briefly=True)
    ada.page.get_by_role("button", name="Sign in").click()
    expect(ada.page.get_by_role("navigation", name="Main")).to_be_visible()

    ada.go(f"/settings/people/{User.objects.get(username='nia').pk}/")
    ada.page.get_by_label("Hand over to").select_option(label="Cleo Martin")
    ada.page.get_by_label("Reason").fill("Left the company")
    ada.page.get_by_role("button", name="Let in no longer").click()
    expect(ada.announced("Nia Obi is no longer let in.")).to_be_visible()
    nia.go("/caps/")
    expect(nia.page.get_by_role("heading", name="Sign in")).to_be_visible()
    nia.allow = {404}
    nia.page.goto(link)
    expect(nia.page.get_by_role("heading", name="This link holds no longer")).to_be_visible()
