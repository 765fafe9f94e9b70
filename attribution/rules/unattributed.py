"""Nobody can be named."""

from attribution.rules.base import Method

METHOD = Method("unattributed", "Nobody can be named", ("direct",))
