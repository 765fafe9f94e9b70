"""Calls of the model."""

from attribution.rules.base import Method

METHOD = Method("requests", "Calls of the model", ("requests",))
