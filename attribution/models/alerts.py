"""What the ledger noticed, what became of it, and what people said; see docs/alerts.md.

An alert outlives its finding: data restated later annotates it and never deletes it. What
happened to it stands in AlertEvent, which a trigger keeps from being edited (migration).
"""

from django.conf import settings
from django.db import models

from ingest.models.fields import TEXT, money

OPEN, UPDATED, RESOLVED, CLOSED = STATES = ("open", "updated", "resolved", "closed")
STANDING = (OPEN, UPDATED)
CRITICAL, MAJOR, MINOR = SEVERITIES = ("critical", "major", "minor")
OPENED, ACKNOWLEDGED, SNOOZED, ASSIGNED, COMMENTED, FEEDBACK, ANNOTATED = (
    "opened", "acknowledged", "snoozed", "assigned", "commented", "feedback", "annotated",
)  # fmt: skip
HAPPENINGS = (
    OPENED, UPDATED, RESOLVED, CLOSED, ACKNOWLEDGED, SNOOZED, ASSIGNED, COMMENTED, FEEDBACK,
    ANNOTATED,
)  # fmt: skip
EXPECTED, USEFUL, NOT_USEFUL = VERDICTS = ("expected", "useful", "not useful")


def _who(**options) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", **options
    )


def _share(**options) -> models.DecimalField:
    return models.DecimalField(max_digits=20, decimal_places=4, null=True, **options)


class Alert(models.Model):
    """One thing that happened to one scope (level and name, in one currency).

    Money is of report `cost` on the days from `onset` to `last`; `expected`, and with it `excess`
    and `percent`, are null where the detector expects nothing in money. `team` is the only team
    whose money it is, '' where several pay: who sees only some teams sees alerts of those.
    """

    level = models.TextField(help_text="a name in attribution.alerting.levels")
    name = models.TextField(**TEXT, help_text="'' for the organisation")
    currency = models.TextField(**TEXT)
    kind = models.TextField(help_text="the detector: a name in DETECTORS")
    onset = models.DateField()
    last = models.DateField(help_text="the last day that belongs to it so far")
    raised_on = models.DateField(help_text="the day whose data raised it")
    state = models.TextField(default=OPEN)
    severity = models.TextField(default=MINOR)
    expected = money(null=True)
    actual = money(null=True)
    excess = money(null=True)
    percent = _share(help_text="excess of expected")
    monthly = money(null=True, help_text="what it comes to in 30 days, by which it is ranked")
    told = money(
        null=True, help_text="what of `monthly` was last told; twice as much is told again"
    )
    team = models.TextField(**TEXT)
    owner = models.TextField(**TEXT)
    incident = models.TextField(**TEXT, help_text="alerts of one incident share it")
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="children",
        help_text="the alert that tells the same money better",
    )  # fmt: skip
    estimate = models.BooleanField(
        default=False, db_default=False,
        help_text="raised by hours of estimates: the bill of its days has not judged it yet",
    )  # fmt: skip
    notifies = models.BooleanField(default=False, help_text="told to people, not only listed")
    why_notified = models.TextField(**TEXT, help_text="why it is told, or only listed")
    title = models.TextField()
    rule = models.TextField(help_text="the rule in words, with its figures")
    evidence = models.JSONField(default=dict, help_text="days with their band, gates, resources")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = _who()
    snoozed_until = models.DateField(null=True, help_text="silent before this day")
    assigned_to = _who()
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["level", "name", "currency", "kind", "onset"], name="alert_identity"
            )
        ]
        indexes = [
            models.Index(fields=["state", "-monthly"], name="alert_state"),
            models.Index(fields=["incident"], name="alert_incident"),
        ]

    def __str__(self) -> str:
        return self.title


class AlertEvent(models.Model):
    """One thing that happened to an alert. Only ever added.

    `figures` is the alert as it stood: expected, actual, excess, percent, monthly as decimal
    strings (null unknown), currency, severity. `notifies`: whether people are to be told of this.
    Ids of transactions that overlap may become visible out of order: who polls keeps a mark for
    each row (or reads only rows some seconds old), not the highest id alone.
    """

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="events")
    what = models.TextField(help_text="one of HAPPENINGS")
    at = models.DateTimeField(auto_now_add=True)
    by = _who()
    figures = models.JSONField(default=dict)
    text = models.TextField(**TEXT)
    notifies = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["alert", "id"], name="alert_event_alert")]


class AlertFeedback(models.Model):
    """How dull the rules of one series became by feedback *not useful*: factors on its usual errors
    and on its dollars as of `set_on`, from where they fade to 1 (attribution.alerting.feedback)."""

    level = models.TextField()
    name = models.TextField(**TEXT)
    errors = models.DecimalField(max_digits=6, decimal_places=4, default=1)
    dollars = models.DecimalField(max_digits=6, decimal_places=4, default=1)
    set_on = models.DateField()
    set_by = _who()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["level", "name"], name="alert_feedback_identity")
        ]


class KnownEvent(models.Model):
    """Something announced, or an alert of which somebody said that it was expected. With an `ends`
    it passes and teaches nothing; without, it is a launch: the new level is the usual one."""

    level = models.TextField()
    name = models.TextField(**TEXT)
    begins = models.DateField()
    ends = models.DateField(null=True, help_text="the last day of it")
    text = models.TextField(**TEXT)
    alert = models.ForeignKey(Alert, models.PROTECT, null=True, related_name="+")
    by = _who()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["begins"], name="known_event_begins")]


class SeenCost(models.Model):
    """What a day of a series cost when it was first seen, and one and two days after: bills come in
    late, and a detector may only judge by what was visible. NULL: nobody looked on that day."""

    id = models.BigAutoField(primary_key=True)
    level = models.TextField()
    name = models.TextField(**TEXT)
    currency = models.TextField()
    day = models.DateField()
    first_cost = money(null=True)
    second_cost = money(null=True)
    third_cost = money(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "level", "name", "currency"], name="seen_cost_identity"
            )
        ]


class AlertRun(models.Model):
    """One look at the ledger: through which day, how much was judged, and what could not be."""

    at = models.DateTimeField(auto_now_add=True)
    through = models.DateField(help_text="the last day that was judged")
    series = models.PositiveIntegerField(default=0)
    seconds = models.DecimalField(max_digits=12, decimal_places=3)
    changes = models.JSONField(default=dict, help_text="how many alerts opened, updated, …")
    notes = models.JSONField(default=list, help_text="late data, detectors without enough data")

    class Meta:
        get_latest_by = "id"
