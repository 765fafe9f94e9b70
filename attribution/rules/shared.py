"""Overhead that serves all."""

from attribution.rules.base import Method

METHOD = Method("shared", "Overhead that serves all", ("direct",))
