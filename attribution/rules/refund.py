"""What is given back stands where what was paid stands: refunds, credits, corrections."""

from attribution.rules.base import Method

METHOD = Method(
    "refund",
    "Where the charges it gives back stand",
    ("what", "stands", "refund", "tagged"),
    after_others=True,
)
