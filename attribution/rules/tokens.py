"""Tokens of the model."""

from attribution.rules.base import Method

METHOD = Method("tokens", "Tokens of the model", ("tokens",))
