"""What lies in storage, and how old it is: snapshots by day."""

from django.db import models

from ingest.models.bills import Delivery, Source
from ingest.models.fields import TEXT


class StorageAge(models.Model):
    """Objects of one place, class and age on the day of a snapshot; a redelivered file of the same
    name replaces its rows. NULL means not told, which is neither zero nor new."""

    source = models.ForeignKey(Source, models.CASCADE)
    delivery = models.ForeignKey(Delivery, models.CASCADE)
    day = models.DateField()
    provider = models.TextField(**TEXT)
    bucket = models.TextField()
    prefix = models.TextField(**TEXT, help_text="at most two levels")
    storage_class = models.TextField(**TEXT)
    version = models.TextField(default="current", help_text="current, noncurrent or incomplete")
    age_days_min = models.IntegerField(null=True, help_text="days since it was written, at least")
    idle_days_min = models.IntegerField(null=True, help_text="days since it was read, at least")
    objects_count = models.BigIntegerField(db_column="objects")
    bytes = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["day", "bucket"])]
