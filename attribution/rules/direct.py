"""Tags and fields that name an owner."""

from attribution.rules.base import Method

METHOD = Method("direct", "Tags and fields that name an owner", ("direct",))
