"""Closed months."""

from django.conf import settings
from django.db import models

from ingest.models.fields import TEXT


class MonthClose(models.Model):
    """A closed charge month; its reported edition is kept and its inputs are pinned."""

    month = models.DateField()
    closed_at = models.DateTimeField(auto_now_add=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reopened_at = models.DateTimeField(null=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    reason = models.TextField(**TEXT)
    pinned = models.JSONField(default=dict, help_text="rule set, maps, aliases, prices, rates")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month"],
                condition=models.Q(reopened_at__isnull=True),
                name="month_closed_once",
            )
        ]
