"""Happenings: rows that are written once and then only marked as told."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Happening(models.Model):
    """One thing that happened. `key` lets it stand once, however often a job runs; `subject` is
    what it is about, the same in all that follows; `teams` are those whose money alone it is about,
    none where it is the company's. `data` is what was so at that moment and never changes."""

    type = models.TextField(help_text="alert.opened, delivery.published…")
    key = models.TextField(unique=True)
    subject = models.TextField(help_text="alert 7, delivery 12…")
    teams = ArrayField(models.TextField(), default=list)
    data = models.JSONField(default=dict)
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, help_text="when it was matched with the endpoints")

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(told_at=None), name="happening_untold"),
            models.Index(fields=["subject"], name="happening_subject"),
            models.Index(fields=["at"], name="happening_at"),
        ]

    def __str__(self) -> str:
        return f"{self.type}: {self.subject}"
