"""The channels, by name: an explicit list."""

from aicost.notify.channels import events, mail, pagerduty, slack, teams, webhook
from aicost.notify.channels.base import Kind

EMAIL, EVENTS = mail.KIND.name, events.KIND.name
CHANNELS: tuple[Kind, ...] = (
    mail.KIND,
    slack.KIND,
    teams.KIND,
    pagerduty.KIND,
    webhook.KIND,
    events.KIND,
)


def kind_of(name: str) -> Kind:
    """Raises `ValueError` naming the known ones."""
    for kind in CHANNELS:
        if kind.name == name:
            return kind
    known = ", ".join(kind.name for kind in CHANNELS)
    raise ValueError(f"no channel {name!r}; there are: {known}")
