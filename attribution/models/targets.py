"""Where money can come to stand."""

from django.db import models

from ingest.models.fields import TEXT


class Target(models.Model):
    """(kind, state, activity, dimensions); '' is an empty dimension."""

    kind = models.TextField()
    state = models.TextField()
    activity = models.TextField()
    workload = models.TextField(**TEXT)
    model = models.TextField(**TEXT)
    feature = models.TextField(**TEXT)
    experiment = models.TextField(**TEXT)
    team = models.TextField(**TEXT)
    environment = models.TextField(**TEXT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "kind",
                    "state",
                    "activity",
                    "workload",
                    "model",
                    "feature",
                    "experiment",
                    "team",
                    "environment",
                ],
                name="target_identity",
            )
        ]
