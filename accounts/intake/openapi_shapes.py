"""The calls of the Segment spec and our answers, as the OpenAPI document tells them.

They only describe: the intake checks calls by hand (see `reading.py`), so what
changes there has to be told here too.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.alias_generators import to_camel

from accounts.intake.hooks.shapes import AnyRecord
from accounts.intake.rules import MAX_BATCH_ITEMS, MAX_ID_LENGTH, MAX_NAME_LENGTH, Call

Id = Annotated[str, Field(min_length=1, max_length=MAX_ID_LENGTH)]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


def _without_defaults(schema: dict[str, Any]) -> None:
    """What is left out is not sent: null and "" stand for nothing."""
    for described in schema.get("properties", {}).values():
        described.pop("default", None)


class _Call(BaseModel):
    model_config = ConfigDict(json_schema_extra=_without_defaults, alias_generator=to_camel)


class Context(_Call):
    group_id: Id = Field(default="", description="external_id of the account. Other fields are kept or passed over.")


class _Common(_Call):
    message_id: Id = Field(
        default="", description="The idempotency key; without it one is made of the content and the time."
    )
    timestamp: Time = Field(default="", description="When it happened; at most 24 hours ahead.")
    sent_at: Time = ""
    context: Context = Context()
    write_key: str = Field(default="", description="The write key, when HTTP Basic does not carry it.")


class _OfSomebody(_Common):
    user_id: Id = Field(default="", description="external_id of the contact; or context.groupId names the account.")


class Track(_OfSomebody):
    """Something that a contact did."""

    event: Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]
    properties: dict[str, Any] = {}


class Page(_OfSomebody):
    """A page that a contact looked at."""

    name: str = ""
    properties: dict[str, Any] = {}


class Screen(Page):
    """A screen that a contact looked at."""


class Identify(_Common):
    """Who a contact is; traits may stand in context.traits too."""

    user_id: Id
    traits: dict[str, Any] = {}


class Group(_Common):
    """Which account there is, and who is at it."""

    group_id: Id
    user_id: Id = ""
    traits: dict[str, Any] = {}


class Alias(_Common):
    """A contact that has another id from now on."""

    previous_id: Id
    user_id: Id


CALLS: dict[Call, type[_Common]] = {
    Call.TRACK: Track,
    Call.IDENTIFY: Identify,
    Call.GROUP: Group,
    Call.PAGE: Page,
    Call.SCREEN: Screen,
    Call.ALIAS: Alias,
}


class BatchItem(_Common):
    """A call with its type; the fields are those of the call."""

    type: Literal["track", "identify", "group", "page", "screen", "alias"]


class Batch(_Call):
    """Up to 2500 calls, 500 KB in all and 32 KB each; gzip is read, whatever the Content-Type says."""

    batch: Annotated[list[BatchItem], Field(max_length=MAX_BATCH_ITEMS)]
    sent_at: Time = ""
    context: Context = Context()
    write_key: str = ""


class RefusedItem(_Call):
    """One item that was not taken in; the others were."""

    index: int
    code: str
    reason: str
    message_id: str = ""
    external_id: str = ""


class Taken(BaseModel):
    """Committed: what became of the items."""

    success: bool
    accepted: int
    duplicates: int
    refused: list[RefusedItem]


class Problem(BaseModel):
    """The request was refused as a whole; the message says what to do."""

    success: Literal[False]
    code: str
    message: str


class HubSpotEvent(_Call):
    """One event of HubSpot's webhooks, or a CRM object."""

    model_config = ConfigDict(extra="allow")


class ZendeskEvent(HubSpotEvent):
    """A ticket event of Zendesk, or an object that a trigger sends."""


class StripeEvent(HubSpotEvent):
    """An event of Stripe."""


def envelope_of(shape: type[AnyRecord]) -> type[BaseModel]:
    """The body of a webhook with records of one type: one record, or a list of them."""
    name = shape.record_type.value
    # A type made of a value cannot be written so that mypy follows it.
    one: Any = shape
    data: Any = one | Annotated[list[one], Field(max_length=MAX_BATCH_ITEMS)]
    told: dict[str, Any] = {"type": (Literal[name], ...), "data": (data, ...)}
    made: type[BaseModel] = create_model(f"{name.capitalize()}Webhook", **told)
    return made
