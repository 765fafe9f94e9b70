"""Who may see what: roles, team scope and the append-only audit trail."""

from django.contrib.auth.models import AbstractUser
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
