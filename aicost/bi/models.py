"""Who may read the schema for BI tools, and what it is served from where no rollup knows it: the
figures of reports `unit_cost` and `margin` by day, made anew by month (aicost.bi.refresh)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from aicost.accounts.models import VIEWER
from ingest.models.fields import TEXT, money


def _count() -> models.BigIntegerField:
    return models.BigIntegerField(null=True)


class Login(models.Model):
    """A login of the database for one BI tool. `teams` null sees all; otherwise only rows of these,
    as an Asker does; `role` as an Asker's: only some see what is earned."""

    id = models.BigAutoField(primary_key=True)
    name = models.TextField(unique=True)
    role = models.TextField(default=VIEWER)
    teams = ArrayField(models.TextField(), null=True)
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Month(models.Model):
    """A month whose days were worked out, and what they were worked out from: the publications of
    its days, and a digest of calls, revenue, names and closes."""

    month = models.DateField(primary_key=True)
    published = models.BigIntegerField(default=-1)
    measured = models.TextField(**TEXT)
    made_at = models.DateTimeField(auto_now=True)


class OnTargets(models.Model):
    """Names as the ledger says them; '' is not set."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    model = models.TextField(**TEXT)
    feature = models.TextField(**TEXT)
    workload = models.TextField(**TEXT)
    experiment = models.TextField(**TEXT)
    team = models.TextField(**TEXT)
    environment = models.TextField(**TEXT)

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["day"]), models.Index(fields=["team", "day"])]


class Called(models.Model):
    """Counts of calls; NULL where nobody tells."""

    requests = _count()
    successes = _count()
    attempts = _count()
    outcomes = _count()
    tokens = _count()
    input_tokens = _count()
    cached_input_tokens = _count()
    output_tokens = _count()
    reasoning_tokens = _count()
    images = _count()
    audio_ms = _count()
    characters = _count()

    class Meta:
        abstract = True


class Usage(OnTargets, Called):
    """Calls of a day under canonical names, by source and version."""

    source_id = models.BigIntegerField()
    model_version = models.TextField(**TEXT)

    class Meta(OnTargets.Meta):
        pass


class UnitCost(OnTargets, Called):
    """A row of report unit_cost by day and all its names; money is of the effective basis. Currency
    '' stands where calls met no money."""

    currency = models.TextField(**TEXT)
    marginal_cost = money(null=True)
    idle_cost = money(null=True)
    idle_spread = money(null=True)
    shared_spread = money(null=True)
    loaded_cost = money(null=True)
    training_cost = money(null=True)
    other_cost = money(null=True)
    marginal_cost_per_inference = money(null=True)
    loaded_cost_per_inference = money(null=True)
    marginal_cost_per_million_tokens = money(null=True)
    loaded_cost_per_million_tokens = money(null=True)

    class Meta(OnTargets.Meta):
        pass


class Margin(models.Model):
    """A row of report margin of one day."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    feature = models.TextField(**TEXT)
    line = models.TextField()
    currency = models.TextField(**TEXT)
    cost = money()
    cost_of_revenue = money()
    research_cost = money()
    other_class_cost = money()
    revenue = money(null=True)
    gross_margin = money(null=True)
    margin = money(null=True)

    class Meta:
        indexes = [models.Index(fields=["day"])]
