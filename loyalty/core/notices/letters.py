"""The words of a letter: an e-mail, or a message to Slack."""

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage

from loyalty.core.notices.models import Letter, Notice


def address_of(path: str) -> str:
    """A path of the application as an address that works outside of it."""
    return settings.PUBLIC_ADDRESS.rstrip("/") + path


def subject_of(notices: Sequence[Notice]) -> str:
    """One line: the notice itself, or how many there are."""
    if len(notices) == 1:
        return " ".join(notices[0].words.split())
    return f"{len(notices)} notices from Loyalty"


def email_of(letter: Letter, notices: Sequence[Notice]) -> EmailMessage:
    """The letter as an e-mail. A second try has the same Message-ID, by which mailboxes know it again."""
    lines = [f"{notice.words}\n{address_of(notice.url)}" for notice in notices]
    foot = f"You chose how you are told: {address_of('/settings/notices/')}"
    host = settings.PUBLIC_ADDRESS.partition("://")[2].partition("/")[0].partition(":")[0] or "loyalty"
    return EmailMessage(
        subject=subject_of(notices),
        body="\n\n".join([*lines, "--\n" + foot]) + "\n",
        to=[letter.person.email],
        headers={"Message-ID": f"<letter-{letter.pk}@{host}>", "Auto-Submitted": "auto-generated"},
    )


def slack_of(notices: Sequence[Notice]) -> dict[str, object]:
    """The letter as Slack's incoming webhooks take it: each notice is a link to its item."""
    text = "\n".join(f"<{_in_link(address_of(notice.url))}|{_in_slack(notice.words)}>" for notice in notices)
    return {"text": text, "unfurl_links": False}


def _in_slack(text: str) -> str:
    """Text that Slack does not read as a link, a mention or a channel; its docs name these three characters."""
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("|", "¦")


def _in_link(address: str) -> str:
    return address.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
