"""Where daily files go, and how each run went. What stands there is told by the manifests there."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from ingest.models.fields import TEXT


class Destination(models.Model):
    name = models.TextField(unique=True)
    kind = models.TextField(help_text="a name in aicost.files.stores.STORES")
    settings = models.JSONField(default=dict)
    sealed = models.TextField(**TEXT, help_text="its secrets, encrypted")
    datasets = ArrayField(models.TextField(), help_text="names in DATASETS")
    first_day = models.DateField(null=True, help_text="no earlier days are written; NULL: all")
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class FilesRun(models.Model):
    """One run of a destination. `days_waiting` are those that attribution has yet to make anew:
    they are written by the next run."""

    STATES = RUNNING, DONE, FAILED = "running", "done", "failed"

    destination = models.ForeignKey(Destination, models.CASCADE, related_name="runs")
    state = models.TextField(default=RUNNING)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    days_written = models.PositiveIntegerField(default=0)
    days_waiting = models.PositiveIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    message = models.TextField(**TEXT)
    cure = models.TextField(**TEXT)

    class Meta:
        indexes = [models.Index(fields=["destination", "-id"], name="files_run_newest")]
