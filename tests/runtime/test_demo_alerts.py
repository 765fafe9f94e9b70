"""What the demo company hides is alerted, on the right name and with its cost to the last digit.

Eight days hold too little history for what grew; `make soak` takes all six months, as `make demo`.
"""

from collections import Counter
from datetime import date
from decimal import Decimal
import json
import os
from pathlib import Path

import pytest

from attribution.alerting.look import look
from attribution.models import Alert
from tests.web.demo_world import load_days

DAYS = int(os.environ.get("AICOST_DEMO_DAYS", "8"))
WHOLE = DAYS > 180
# The last days have a database of their own.
pytestmark = [pytest.mark.django_db(transaction=True)] if WHOLE else []
TODAY = date(2026, 11, 27) if WHOLE else date(2026, 11, 5)
# event -> (kind of the alert, the name it stands on)
COSTLY = {
    "idle_weekend": ("weekend", "two-tower"),
    "forgotten_experiment": ("forgotten_experiment", "wide-embeddings"),
    "decided_variant": ("forgotten_experiment", "ab-rank-b"),
    "telemetry_gap": ("silence", None),
    "untagged_account": ("untagged", "447188201136"),
    "unmetered_tokens": ("unmetered", "sage-large"),
    "restated_bill": ("restated_bill", "sagebrook"),
    "correction": ("corrected_bill", "sage-large"),
}
SOON = ("idle_weekend", "forgotten_experiment", "restated_bill")
# event -> (kind, name, days from its beginning to the onset at most)
GROWN = {
    "second_model": ("new", "persona-v1", 0),
    "five_minutes": ("shift", "rank-serve", 0),
    "ab_test": ("new", "ab-rank-a", 0),
    "retraining": ("shift", "train-rank", 0),
    "support_loses": ("negative_margin", "support-assistant", 0),
    "rollout": ("cheaper_version", "rank-v3", 7),
}
QUIET_MONTHS = ("2026-06", "2026-07", "2026-08")
TOLD_MAX = 2


@pytest.fixture
def truth(request, tmp_path: Path, settings) -> dict:
    """What is hidden in the days that are loaded then."""
    if not WHOLE:
        return request.getfixturevalue("demo").truth()
    settings.AICOST_HOME = tmp_path / "home"
    load_days(tmp_path / "demo", TODAY, None)
    return json.loads((tmp_path / "demo" / "truth.json").read_text())


def test_what_the_demo_company_hides_is_alerted_with_its_cost(truth):
    events = {event["name"]: event for event in truth["events"]}
    assert look(TODAY).changes["opened"]

    alerts = list(Alert.objects.all())
    for name in COSTLY if WHOLE else SOON:
        event, (kind, on) = events[name], COSTLY[name]
        names = (on,) if on else event["resource_ids"]
        found = [one.excess for one in alerts if one.kind == kind and one.name in names]
        assert found == [Decimal(event["cost"])], name

    if WHOLE:
        for name, (kind, on, days) in GROWN.items():
            began = date.fromisoformat(events[name]["from"])
            onsets = [one.onset for one in alerts if (one.kind, one.name) == (kind, on)]
            assert any(0 <= (onset - began).days <= days for onset in onsets), (name, onsets)
        told = Counter(f"{one.raised_on:%Y-%m}" for one in alerts if one.notifies)
        assert all(told[month] <= TOLD_MAX for month in QUIET_MONTHS), told

    assert look(TODAY).changes == {}
