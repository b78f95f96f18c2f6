"""Where a plain search for the words would miss an erased person: JSON escapes them, or their id is very short."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.contacts.erasure import erase
from accounts.contacts.export import export_contact
from accounts.intake.files.models import FileRefusal, FileUpload
from accounts.intake.hooks.models import HookCall
from accounts.intake.models import RefusedItem
from accounts.records.models import Contact
from accounts.sources.rules import Kind, Scheme
from accounts.sources.secrets import keep_secret
from accounts.usage.models import Event
from loyalty.core.people.models import User
from tests.accounts.intake.hooks.conftest import SECRET, signed
from tests.factories import ContactFactory, SourceFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ['Jane "JR" Roe', "Jané\\Roe"])
def test_a_name_that_json_escapes_is_found(name: str, cs: User, send: Callable[..., Any]) -> None:
    for who, traits in (("u-jane", {"name": name}), ("colleague", {})):
        send("identify", messageId=f"i-{who}", userId=who, traits=traits)
        send("group", messageId=f"g-{who}", userId=who, groupId="acme", traits={})
    for message, event in (("t", "Sent"), ("bad", "")):
        send("track", messageId=message, userId="colleague", event=event, properties={"to": name})
    upload = FileUpload.objects.create(kind="account", name="people.csv", size=0, uploaded_by=cs)
    FileRefusal.objects.create(upload=upload, line=2, raw=json.dumps(["7", name]), reason="No account.")
    kept = RefusedItem.objects.get()
    RefusedItem.objects.create(batch=kept.batch, code="row", reason="Cut off", raw=kept.raw[:-1])
    erase(Contact.objects.get(external_id="u-jane"), acting_user=cs)
    assert Event.objects.get().properties == {"to": "(erased)"}
    assert list(RefusedItem.objects.values_list("raw", flat=True)) == ["(erased)"] * 2
    assert FileRefusal.objects.get().raw == '["7", "(erased)"]'


def test_ids_too_short_to_be_struck_everywhere_are_found_where_they_are_ids(
    cs: User, send: Callable[..., Any], client: Client
) -> None:
    """“471” says nothing inside a text; but what is refused of it has its telephone and its address."""
    survey = SourceFactory(name="Survey", kinds=[Kind.FEEDBACK])
    keep_secret(survey, Scheme.STANDARD, SECRET, acting_user=None)
    consent = {"type": "consent", "data": {"contact": "471", "granted": True, "at": "2026-03-10T09:00:00Z"}}
    body = json.dumps(consent).encode()
    client.post(f"/webhooks/{survey.pk}", body, content_type="application/json", headers=signed(body, "w-1"))
    for who in ("471", "472"):
        send("track", messageId=f"t-{who}", userId=who, event="Seen", properties={"phone": "+1 555 0100 17"})
    batch = RefusedItem.objects.all()[0].batch
    for number in (471, 1471):
        RefusedItem.objects.create(batch=batch, code="c", reason=f"Not {number}", raw=f'{{"userId": {number}}}')
    (told,) = HookCall.objects.get().answer["refused"]
    assert (told["externalId"], "471" in told["reason"]) == ("471", True)
    # Nobody has told who it is yet; another system does so by a file.
    contact = ContactFactory(external_id="471", name="", email="")
    held = json.loads("".join(export_contact(contact, acting_user=cs)))
    assert (len(held["refused"]), len(held["answers_to_senders"])) == (3, 1)
    erase(contact, acting_user=cs)
    (left,) = HookCall.objects.get().answer["refused"]
    assert (left["externalId"], left["reason"]) == ("(erased)", told["reason"].replace("471", "(erased)"))
    erased = RefusedItem.objects.filter(raw="(erased)")
    assert (erased.count(), {(item.waits_for, "471" in item.reason) for item in erased}) == (3, {("", False)})
    assert set(RefusedItem.objects.exclude(raw="(erased)").values_list("waits_for", flat=True)) == {"472", ""}
