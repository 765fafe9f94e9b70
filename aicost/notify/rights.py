"""Who may send what to whom, and read what was sent."""

from django.db.models import Q, QuerySet

from aicost.accounts.models import User
from aicost.accounts.scope import MONEY_ROLES, asker_of, may_connect, role_of
from aicost.notify.models import Channel, Recipient, Route, Schedule, Send

__all__ = ["may_change", "may_configure", "may_send_to_others", "may_send_through", "sends_seen"]


def may_send_to_others(user: User) -> bool:
    """Figures leave the company's own pages with it, so it is for who answers for all of them.
    Everybody may send to themselves what they see."""
    return role_of(user) in MONEY_ROLES and asker_of(user).teams is None


def may_configure(user: User) -> bool:
    """Whoever makes a channel decides where figures are sent."""
    return may_connect(user)


def may_change(user: User, one: Schedule | Route) -> bool:
    return one.owner_id == user.pk or may_send_to_others(user)


def may_send_through(user: User, channel: Channel) -> bool:
    return channel.ended_at is None and may_send_to_others(user)


def seen(user: User, model: type) -> QuerySet:
    """The schedules or routes one sees: all, or one's own and those one is a recipient of."""
    found = model.objects.filter(ended_at=None).select_related("owner")
    if may_send_to_others(user):
        return found
    field = "schedule" if model is Schedule else "route"
    got = Recipient.objects.filter(user=user, ended_at=None).values(field)
    return found.filter(Q(owner=user) | Q(pk__in=got))


def sends_seen(user: User) -> QuerySet[Send]:
    """What was sent to one; to all people and rooms, for whoever sees all there is. What programs
    got stands with their webhooks."""
    if may_send_to_others(user):
        return Send.objects.filter(endpoint=None)
    return Send.objects.filter(user=user)
