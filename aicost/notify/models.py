"""What is sent, when, to whom, through what, and what became of it. Schedules, routes and channels
are ended, never deleted: what was sent through them stays in the archive."""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from aicost.happenings.models import Happening
from aicost.web.models import SavedView
from attribution.models import AlertEvent

TEXT = {"blank": True, "default": ""}
WEEKLY, MONTHLY = CADENCES = ("weekly", "monthly")
SEND_STATES = ("queued", "sending", "sent", "failed", "suppressed", "unknown")
# What an alert can be of, besides the whole organisation.
LEVELS = ("team", "service", "model", "feature", "experiment", "customer")
ALL, TEAM, VIEW = SUBJECTS = ("all", "team", "view")


def _who(related_name: str = "+") -> models.ForeignKey:
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name=related_name)


class Channel(models.Model):
    """One configured way out other than a mail address: a webhook of a room, a service. `kind` is
    a name in aicost.notify.channels.CHANNELS; secrets are sealed as those of sources."""

    name = models.TextField(unique=True)
    kind = models.TextField()
    settings = models.JSONField(default=dict)
    sealed = models.TextField(**TEXT)
    enabled = models.BooleanField(default=True)
    made_by = _who()
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Endpoint(models.Model):
    """One program that hears what happens (aicost.notify.webhooks): at which address, of which
    types and of whose money. No types are all types. With `teams` it hears only of what is theirs
    alone; None hears everything. Switched off by a person or, with `off_why`, by itself."""

    address = models.TextField()
    description = models.TextField(**TEXT)
    types = ArrayField(models.TextField(), default=list)
    teams = ArrayField(models.TextField(), null=True)
    sealed = models.TextField(**TEXT, help_text="its secret, and those before it that still sign")
    enabled = models.BooleanField(default=True)
    off_why = models.TextField(**TEXT)
    active_from = models.DateTimeField()
    made_by = _who()
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.description or self.address


class Schedule(models.Model):
    """A digest: `about` says of what (all, a team, a saved view), `cadence` how often. Only what
    falls due after `active_from` is sent. Who has no login reads what `owner` may see."""

    name = models.TextField()
    cadence = models.TextField(default=WEEKLY)
    about = models.TextField(default=ALL)
    team = models.TextField(**TEXT, help_text="as the ledger names it")
    view = models.ForeignKey(
        SavedView, models.SET_NULL, null=True, blank=True, related_name="digests"
    )
    hour = models.PositiveSmallIntegerField(default=8, help_text="of the recipient's own day")
    owner = _who("schedules")
    enabled = models.BooleanField(default=True)
    problem = models.TextField(**TEXT, help_text="why the last one could not be made")
    active_from = models.DateTimeField()
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(hour__lt=24), name="schedule_hour"),
            models.CheckConstraint(condition=Q(cadence__in=CADENCES), name="schedule_cadence"),
            models.CheckConstraint(condition=Q(about__in=SUBJECTS), name="schedule_about"),
        ]

    def __str__(self) -> str:
        return self.name


class Route(models.Model):
    """Which alerts go to whom: those of a team, from a severity on, on a target; empty is any.
    Quiet hours are of the recipient's own day and hold all but critical ones."""

    name = models.TextField()
    team = models.TextField(**TEXT)
    severity = models.TextField(**TEXT, help_text="the least severe that is sent; empty: all")
    dimension = models.TextField(**TEXT, help_text="feature, model…: what the target is")
    target = models.TextField(**TEXT, help_text="its name")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    owner = _who("routes")
    enabled = models.BooleanField(default=True)
    active_from = models.DateTimeField()
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Preference(models.Model):
    """What one person wants of alerts, whatever routes say; quiet hours of their own come first."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notify_preference"
    )
    alerts = models.BooleanField(default=True)
    severity = models.TextField(**TEXT, help_text="the least severe one wants; empty: all")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)


class Recipient(models.Model):
    """Who gets what a schedule or a route sends: a person, an address without a login, or a
    channel. `key` is in the link that ends it."""

    schedule = models.ForeignKey(
        Schedule, models.PROTECT, null=True, blank=True, related_name="recipients"
    )
    route = models.ForeignKey(
        Route, models.PROTECT, null=True, blank=True, related_name="recipients"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    address = models.TextField(**TEXT)
    channel = models.ForeignKey(
        Channel, models.PROTECT, null=True, blank=True, related_name="recipients"
    )
    key = models.UUIDField(default=uuid4, unique=True)
    made_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(schedule=None) ^ Q(route=None), name="recipient_of_one"
            ),
            models.CheckConstraint(
                condition=(
                    Q(user__isnull=False, address="", channel=None)
                    | (Q(user=None, channel=None) & ~Q(address=""))
                    | Q(user=None, address="", channel__isnull=False)
                ),
                name="recipient_is_one",
            ),
            models.UniqueConstraint(
                fields=["schedule", "route", "user", "address", "channel"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="recipient_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user or self.address or self.channel)


class Send(models.Model):
    """One message to one recipient, written where it was decided to send it. The unique constraint
    is what makes two beats send one: `occasion` is the first day of a digest's period, or what an
    alert's message is about. See aicost.notify.outbox for the states."""

    STATES = QUEUED, SENDING, SENT, FAILED, SUPPRESSED, UNKNOWN = SEND_STATES

    schedule = models.ForeignKey(
        Schedule, models.PROTECT, null=True, blank=True, related_name="sends"
    )
    route = models.ForeignKey(Route, models.PROTECT, null=True, blank=True, related_name="sends")
    occasion = models.TextField()
    recipient = models.TextField(help_text="the address, or the channel's name")
    via = models.TextField(help_text="a name in CHANNELS")
    channel = models.ForeignKey(
        Channel, models.PROTECT, null=True, blank=True, related_name="sends"
    )
    endpoint = models.ForeignKey(
        Endpoint, models.PROTECT, null=True, blank=True, related_name="sends"
    )
    happening = models.ForeignKey(
        Happening, models.PROTECT, null=True, blank=True, related_name="+"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="sends"
    )
    to = models.ForeignKey(Recipient, models.PROTECT, null=True, blank=True, related_name="sends")
    subject = models.TextField()
    message = models.JSONField(
        help_text="aicost.notify.message.Message; to an endpoint, what is posted"
    )
    alert = models.TextField(**TEXT, help_text="what groups messages of one alert")
    message_id = models.UUIDField(default=uuid4, unique=True, help_text="the same in every try")
    partial = models.BooleanField(default=False, help_text="sent before all data was there")
    state = models.TextField(default=QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    claimed_by = models.TextField(**TEXT)
    lease_until = models.DateTimeField(null=True)
    handed_at = models.DateTimeField(null=True, help_text="from here on it may have arrived")
    queued_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, help_text="when it was sent or given up")
    said = models.TextField(**TEXT, help_text="what the other side answered last, or what failed")
    answered = models.PositiveSmallIntegerField(
        null=True, help_text="the status of the answer with which the last try failed"
    )
    history = models.JSONField(default=list, help_text="[moment, what happened]")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "route", "occasion", "recipient", "via"],
                nulls_distinct=False,
                name="send_once",
            ),
            models.CheckConstraint(condition=Q(state__in=SEND_STATES), name="send_state"),
            models.UniqueConstraint(fields=["endpoint", "happening"], name="send_event_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(state__in=["queued", "sending"]),
                name="send_waiting",
            ),
            models.Index(fields=["-queued_at"], name="send_archive"),
            models.Index(
                fields=["endpoint", "-queued_at"],
                condition=Q(endpoint__isnull=False),
                name="send_of_endpoint",
            ),
            models.Index(
                fields=["recipient", "alert"], condition=~Q(alert=""), name="send_of_alert"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.recipient}"


class Routed(models.Model):
    """An event of an alert that the routes have seen: ids of events may become visible out of
    order, so each keeps a mark."""

    event = models.OneToOneField(AlertEvent, models.PROTECT, related_name="+")
    at = models.DateTimeField()


class AlertItem(models.Model):
    """One event for one recipient, until it is part of a send. `release_at` is when it may go: at
    once, or when quiet hours end; those that may go together are one message."""

    event = models.ForeignKey(AlertEvent, models.PROTECT, related_name="+")
    to = models.ForeignKey(Recipient, models.PROTECT, related_name="items")
    release_at = models.DateTimeField()
    send = models.ForeignKey(Send, models.PROTECT, null=True, blank=True, related_name="items")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "to"], name="alert_item_once")]
        indexes = [
            models.Index(fields=["release_at"], condition=Q(send=None), name="alert_item_waiting")
        ]
