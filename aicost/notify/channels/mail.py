"""Mail over SMTP. A server that has accepted a message is silent about it for ever: whoever dies
between its yes and our note of it cannot know, and does not try again."""

from collections.abc import Callable, Mapping
from email.utils import formatdate, parseaddr
import smtplib

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from aicost.notify.channels.base import Kind, Outgoing, SendError

_NO_SERVER = "no mail server is set"
_CURE = "Set AICOST_SMTP_URL for the web and the worker processes"
# Mail that machines send: no answer of an absence comes back.
_ALWAYS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


def id_of(key: str) -> str:
    """The Message-ID of a send, the same in every try."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{key}@{domain}>"


def letter(outgoing: Outgoing, connection=None) -> EmailMultiAlternatives:
    """The mail: text first, HTML beside it, and all of it complete without pictures."""
    told = outgoing.message
    headers = {
        "Message-ID": id_of(outgoing.id),
        "Date": formatdate(outgoing.queued_at.timestamp()),
        **_ALWAYS,
        **told.headers,
    }
    if outgoing.thread:
        headers |= {"In-Reply-To": id_of(outgoing.thread), "References": id_of(outgoing.thread)}
    made = EmailMultiAlternatives(
        told.subject, told.text, to=[outgoing.recipient], headers=headers, connection=connection
    )
    if told.html:
        made.attach_alternative(told.html, "text/html")
    return made


def send(outgoing: Outgoing, config: Mapping, handing: Callable[[], None]) -> str:
    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and not settings.EMAIL_HOST:
        raise SendError(_NO_SERVER, _CURE)
    connection = get_connection()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise SendError(_told(error), "Check AICOST_SMTP_URL and the mail server") from error
    try:
        handing()
        _hand_over(letter(outgoing, connection))
    finally:
        connection.close()
    return "accepted by the mail server"


def _hand_over(made: EmailMultiAlternatives) -> None:
    try:
        made.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, _ = next(iter(error.recipients.values()))
        raise SendError(_told(error), permanent=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        raise SendError(_told(error), permanent=error.smtp_code >= 500) from error
    except (OSError, smtplib.SMTPException) as error:
        raise SendError(f"the mail server went silent: {_told(error)}", unknown=True) from error


def _told(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, words = error.smtp_code, error.smtp_error
    else:
        return f"{type(error).__name__}: {error}"[:300]
    said = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
    return f"the mail server answers {code} {said}"[:300]


KIND = Kind(
    name="email",
    title="Mail",
    summary="A message to one address, over the mail server of AICOST_SMTP_URL",
    fields=(),
    send=send,
    configured=False,
)
