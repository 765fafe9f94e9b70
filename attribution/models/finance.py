"""What finance says of the money: cost classes, accounts, how bundled revenue is split."""

from django.conf import settings
from django.db import models

from ingest.models.fields import TEXT


class FinanceEdition(models.Model):
    """One version of one whole table, as it was saved. Editions are never edited: a change, an
    import and a revert add the next one, and the newest holds. Its rows are the texts of its CSV
    file, in order; attribution.finance.tables knows their columns."""

    table = models.TextField(help_text="cost_classes, accounts or revenue_splits")
    version = models.PositiveIntegerField()
    rows = models.JSONField(default=list)
    saved_at = models.DateTimeField(auto_now_add=True)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    why = models.TextField(**TEXT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["table", "version"], name="finance_edition_version")
        ]

    def __str__(self) -> str:
        return f"{self.table}, version {self.version}"
