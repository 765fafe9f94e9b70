"""Field shorthands shared by the tables of ingest."""

from django.db import models

TEXT = {"blank": True, "default": "", "db_default": ""}


def money(**options) -> models.DecimalField:
    return models.DecimalField(max_digits=38, decimal_places=18, **options)
