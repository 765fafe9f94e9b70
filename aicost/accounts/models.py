"""Who may see what: roles, team scope and the append-only audit trail."""

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models

VIEWER, ENGINEER, FINANCE, FINOPS, ADMIN = ROLES = (
    "viewer",
    "engineer",
    "finance",
    "finops",
    "admin",
)


class Team(models.Model):
    name = models.TextField(unique=True)

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person. Without `sees_all_teams`, reports show only rows of their own teams. Preferences
    are empty until somebody has one: the company's time zone, the system's theme, month to
    date."""

    role = models.TextField(default=VIEWER)
    teams = models.ManyToManyField(Team, blank=True)
    sees_all_teams = models.BooleanField(default=True)
    time_zone = models.TextField(blank=True, default="", help_text="such as Europe/Berlin")
    theme = models.TextField(blank=True, default="", help_text="light, dark or empty")
    letters_off = models.BooleanField(default=False, help_text="no keys of a single letter")
    first_period = models.TextField(blank=True, default="", help_text="the name of a preset")

    # Whoever acts through a token that is limited to teams sees no others while they do. Never
    # kept: `tokens.caller_of` says it of the user it returns.
    limited_to: tuple[str, ...] | None = None


class Company(models.Model):
    """What holds for everybody. There is one row, or none until something is set."""

    fiscal_month = models.PositiveSmallIntegerField(
        default=1, help_text="the first month of the fiscal year, 1 to 12"
    )
    time_zone = models.TextField(
        default="UTC", help_text="timestamps are printed in it; days of money stay UTC"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="company_only_one"),
            models.CheckConstraint(
                condition=models.Q(fiscal_month__range=(1, 12)), name="company_fiscal_month"
            ),
        ]


class AuditEvent(models.Model):
    """What somebody did. A trigger refuses to change or delete a row (migration 0002)."""

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(User, models.PROTECT, null=True)
    action = models.TextField()
    subject = models.TextField(blank=True, default="")
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["-at"])]


class ApiToken(models.Model):
    """What a program shows instead of a login: `<token_id>_<secret>` as a bearer token, or the two
    as user name and password. Only the sha256 of the whole is kept; the secret is shown once. It
    acts for its user, with `teams` for those teams only."""

    name = models.TextField()
    user = models.ForeignKey(User, models.PROTECT)
    scopes = ArrayField(models.TextField(), help_text="ingest, read, admin")
    teams = ArrayField(
        models.TextField(),
        null=True,
        help_text="the teams it sees among those of its user; null is all of them",
    )
    token_id = models.TextField(help_text="what it is known by, and the user name of Basic")
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.token_id})"

    def state_at(self, now: datetime) -> str:
        """active, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        ended = self.expires_at is not None and self.expires_at <= now
        return "expired" if ended else "active"

    def told(self) -> dict:
        """What the audit trail keeps of it."""
        expires = self.expires_at and self.expires_at.isoformat()
        return {"token_id": self.token_id, "scopes": self.scopes, "teams": self.teams,
                "user": self.user.username, "expires_at": expires}  # fmt: skip


class ApiUse(models.Model):
    """Requests of a caller in the last minute it asked. Unlogged: a crash may empty it."""

    who = models.TextField(primary_key=True, help_text="token:ID or user:ID")
    minute = models.BigIntegerField(help_text="since 1970")
    requests = models.BigIntegerField()


class Invitation(models.Model):
    """A link that makes a login, or with `user` sets a password. Only its sha256 is kept."""

    email = models.TextField(blank=True, default="")
    role = models.TextField(default=VIEWER)
    teams = models.ManyToManyField(Team, blank=True)
    sees_all_teams = models.BooleanField(default=True)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="resets")
    sha256 = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="invited")
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.email
