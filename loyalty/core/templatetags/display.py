"""Words, figures and marks for templates. Built in: no template has to load this.

Unknown (None or empty) is written as a dash, never as zero.
"""

from datetime import date, datetime
from decimal import Decimal

from django import template
from django.conf import settings
from django.template import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from loyalty.core import money as purse
from loyalty.core.figures import (
    UNKNOWN,
    Number,
    day_text,
    machine_text,
    moment_text,
    number_text,
    percent_text,
    relative_text,
    signed,
)
from loyalty.core.statuses import TONES, face_of

register = template.Library()
COUNTED_TO = 1000


@register.filter
def money(value: Decimal | int | str | None, currency: str = "") -> str:
    """Money to the cent in a currency (default: the reporting currency): $1,234.50."""
    if value is None or value == "":
        return UNKNOWN
    return purse.money(value, currency or settings.REPORTING_CURRENCY)


@register.filter
def money_delta(value: Decimal | int | str | None, currency: str = "") -> str:
    """A movement of money with its sign: +$40.00, −$40.00, $0.00."""
    return signed(money(value, currency))


@register.filter
def number(value: Number | None) -> str:
    """A count or quantity with grouped thousands: 12,345."""
    return UNKNOWN if value is None or value == "" else number_text(value)


@register.filter
def counted(value: int) -> str:
    """A count that is made up to a thousand: 999, or 1,000+ for whatever is more."""
    return number_text(value) if value <= COUNTED_TO else f"{number_text(COUNTED_TO)}+"


@register.filter
def percent(value: Number | None, places: int = 1) -> str:
    """A ratio as per cent: 0.03 is 3.0 %."""
    return UNKNOWN if value is None or value == "" else percent_text(value, int(places))


@register.filter
def delta(value: Number | None) -> str:
    """A movement of a count with its sign: +4, −4, 0."""
    return UNKNOWN if value is None or value == "" else signed(number_text(value))


@register.filter
def day(value: date | None) -> str | SafeString:
    """A day as <time>14 Nov 2026</time>; a datetime is shown by its day in the current time zone."""
    if not value:
        return UNKNOWN
    on = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), day_text(on))


@register.filter
def when(value: datetime | None) -> str | SafeString:
    """A moment relative to now, the exact one on hover and in `datetime`."""
    if not value:
        return UNKNOWN
    zone = timezone.get_current_timezone()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        machine_text(value),
        moment_text(value, zone),
        relative_text(value, timezone.now(), zone),
    )


@register.filter
def moment(value: datetime | None) -> str | SafeString:
    """A moment to the minute with its time zone, for audit lines and print."""
    if not value:
        return UNKNOWN
    text = moment_text(value, timezone.get_current_timezone())
    return format_html('<time datetime="{}">{}</time>', machine_text(value), text)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A symbol of the sprite; silent for screen readers unless it has a label."""
    address = f"{static('loyalty/icons.svg')}#{name}"
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, address)
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', address)


@register.simple_tag
def badge(status: str | None, word: str = "", tone: str = "") -> SafeString | str:
    """A status as icon and word; `word` and `tone` replace those of the status."""
    if not status:
        return UNKNOWN
    face = face_of(str(status))
    shown_tone = tone if tone in TONES else face.tone
    return format_html('<span class="status tone-{}">{}{}</span>', shown_tone, icon(face.icon), word or face.word)


@register.simple_tag(takes_context=True)
def block_again(context: Context, name: str) -> SafeString:
    """Render a block of this page a second time, so that a title is written once."""
    block = context.render_context[BLOCK_CONTEXT_KEY].get_block(name)
    return SafeString(block.render(context))
