"""What people did: training runs, and the deploys, commits and notes that explain a curve."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from ingest.models.bills import Delivery, Source
from ingest.models.fields import TEXT


class TrainingRun(models.Model):
    """One run of a training or an experiment; a row that is brought up to date as it proceeds.

    `workload_key` joins it to GPU time (`slurm:<cluster>/<job>`, `mlflow:<run>`): the run then
    names the experiment, model, team and feature of that time where no map does."""

    source = models.ForeignKey(Source, models.CASCADE)
    delivery = models.ForeignKey(Delivery, models.CASCADE, null=True)
    run_id = models.TextField(help_text="unique within its source")
    workload_key = models.TextField(**TEXT)
    name = models.TextField(**TEXT)
    experiment = models.TextField(**TEXT)
    model = models.TextField(**TEXT)
    model_version = models.TextField(**TEXT)
    feature = models.TextField(**TEXT)
    user = models.TextField(**TEXT)
    team = models.TextField(**TEXT)
    environment = models.TextField(**TEXT)
    status = models.TextField(**TEXT, help_text="running, finished, failed, killed, queued or ''")
    started = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True, help_text="NULL while it runs, or unknown")
    hosts = ArrayField(models.TextField(), default=list)
    gpu_ms = models.BigIntegerField(null=True, help_text="GPU-milliseconds held; NULL is unknown")
    params = models.JSONField(default=dict)
    tags = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict, help_text="last value of each, as decimal text")
    git_commit = models.TextField(**TEXT)
    parent_run = models.TextField(**TEXT)
    reason = models.TextField(**TEXT, help_text="drift, data_fix, failure_restart, other or ''")
    restarted_from = models.TextField(**TEXT, help_text="checkpoint, scratch or '' (unknown)")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "run_id"], name="training_run_identity")
        ]
        indexes = [
            models.Index(fields=["workload_key"]),
            models.Index(fields=["started"]),
            models.Index(fields=["experiment"]),
            models.Index(fields=["git_commit"]),
        ]

    def __str__(self) -> str:
        return self.name or self.run_id


class Annotation(models.Model):
    """Something that happened at a moment: a deploy, a commit, a release, a note. `event_id` is
    the sender's, so that what is sent again changes nothing."""

    source = models.ForeignKey(Source, models.CASCADE)
    event_id = models.TextField()
    at = models.DateTimeField()
    kind = models.TextField(help_text="deploy, commit, release or note")
    title = models.TextField()
    url = models.TextField(**TEXT)
    author = models.TextField(**TEXT)
    repository = models.TextField(**TEXT)
    branch = models.TextField(**TEXT)
    commit = models.TextField(**TEXT)
    environment = models.TextField(**TEXT)
    workload = models.TextField(**TEXT)
    model = models.TextField(**TEXT)
    feature = models.TextField(**TEXT)
    experiment = models.TextField(**TEXT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "event_id"], name="annotation_identity")
        ]
        indexes = [models.Index(fields=["at"]), models.Index(fields=["commit"])]

    def __str__(self) -> str:
        return self.title
