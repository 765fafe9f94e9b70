"""The small maps that join telemetry and calls to the bill and to its targets."""

from django.db import models

from ingest.models.fields import TEXT


class ResourceMap(models.Model):
    """Joins a node as telemetry names it to the resource on the bill."""

    cluster = models.TextField(**TEXT, help_text="empty: any cluster")
    node = models.TextField()
    resource_id = models.TextField()
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True, help_text="first day no longer valid")
    found = models.BooleanField(default=False, help_text="by a source itself: gives way to others")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "node", "valid_from"],
                nulls_distinct=False,
                name="resource_map_identity",
            )
        ]


class WorkloadMap(models.Model):
    """Joins a pod or job name (a pattern with *) to the dimensions of its target."""

    cluster = models.TextField(**TEXT)
    namespace = models.TextField(**TEXT)
    pattern = models.TextField(help_text="pod or job name, * stands for anything")
    position = models.IntegerField(default=0, help_text="the lowest that matches wins")
    activity = models.TextField(**TEXT)
    workload = models.TextField(**TEXT)
    model = models.TextField(**TEXT)
    feature = models.TextField(**TEXT)
    experiment = models.TextField(**TEXT)
    team = models.TextField(**TEXT)
    environment = models.TextField(**TEXT)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    found = models.BooleanField(default=False, help_text="by a source itself: gives way to others")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "namespace", "pattern", "valid_from"],
                nulls_distinct=False,
                name="workload_map_identity",
            )
        ]


class StorageMap(models.Model):
    """Says whose the objects under a prefix (a pattern with *) of a bucket are."""

    bucket = models.TextField(**TEXT, help_text="empty: any bucket")
    pattern = models.TextField(**TEXT, help_text="prefix, at most two levels; * is anything")
    position = models.IntegerField(default=0, help_text="the lowest that matches wins")
    workload = models.TextField(**TEXT)
    model = models.TextField(**TEXT)
    feature = models.TextField(**TEXT)
    experiment = models.TextField(**TEXT)
    team = models.TextField(**TEXT)
    environment = models.TextField(**TEXT)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bucket", "pattern", "valid_from"],
                nulls_distinct=False,
                name="storage_map_identity",
            )
        ]


class Alias(models.Model):
    """Raw name to canonical name of one dimension; raw names are stored, aliases apply later."""

    dimension = models.TextField()
    raw = models.TextField()
    canonical = models.TextField()
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dimension", "raw", "valid_from"],
                nulls_distinct=False,
                name="alias_identity",
            )
        ]
        verbose_name_plural = "aliases"
