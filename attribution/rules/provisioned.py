"""Provisioned throughput: what its calls used of it, the rest idle (docs/decisions/0027)."""

from attribution.rules.base import Method

METHOD = Method("provisioned", "Provisioned throughput by the tokens it served", ("provisioned",))
