"""Jobs are rows: Postgres is the record of work, Celery only the bell that wakes a worker."""

from django.db import models


class Job(models.Model):
    NEW, RUNNING, DONE, FAILED = "new", "running", "done", "failed"

    kind = models.TextField(help_text="a name in settings.AICOST_JOBS")
    key = models.TextField(blank=True, default="", help_text="one waiting job per kind and key")
    payload = models.JSONField(default=dict)
    state = models.TextField(default=NEW)
    tries = models.PositiveIntegerField(default=0)
    claimed_by = models.TextField(blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    announced_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    progress = models.TextField(blank=True, default="")
    result = models.JSONField(null=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(state__in=["new", "running"]),
                name="job_unfinished",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=models.Q(state="new") & ~models.Q(key=""),
                name="job_waiting_once",
            )
        ]
