"""Who may see what: roles, team scope and the append-only audit trail."""

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
    """A person. Without `sees_all_teams`, reports show only rows of their own teams."""

    role = models.TextField(default=VIEWER)
    teams = models.ManyToManyField(Team, blank=True)
    sees_all_teams = models.BooleanField(default=True)


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
    """A bearer token. Only its sha256 is kept; the text is shown once."""

    name = models.TextField()
    user = models.ForeignKey(User, models.PROTECT)
    scopes = ArrayField(models.TextField(), help_text="ingest, read")
    prefix = models.TextField(help_text="the beginning of the token, to know it by")
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
