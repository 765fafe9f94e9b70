"""Transfer follows the resource that sends it: where its other money of the day is active."""

from attribution.rules.base import Method

METHOD = Method(
    "follow",
    "Where the resource's other charges stand",
    ("what", "stands", "follow", "tagged"),
    after_others=True,
)
