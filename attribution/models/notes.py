"""What people write on a day: why it cost what it did."""

from django.conf import settings
from django.db import models

from ingest.models.fields import TEXT


class Note(models.Model):
    """A note on a UTC day. What it names it is about, as an event (ingest.Annotation) does; with
    nothing named it is about all. A note with a `team` is seen by its people too, one without only
    by who sees all teams."""

    day = models.DateField()
    text = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    team = models.TextField(**TEXT)
    workload = models.TextField(**TEXT)
    model = models.TextField(**TEXT)
    feature = models.TextField(**TEXT)
    experiment = models.TextField(**TEXT)
    environment = models.TextField(**TEXT)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["day"])]

    def __str__(self) -> str:
        return self.text
