"""Moments as people write them."""

from datetime import UTC, datetime

from aicost.notify.webhooks.replay import BadReplay


def moment_of(text: str) -> datetime:
    """In UTC unless it says where. Raises `BadReplay`."""
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadReplay("write a moment as YYYY-MM-DD HH:MM, UTC") from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
