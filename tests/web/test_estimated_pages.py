"""Pages that speak of estimates: what is expected stands beside the bill."""

from datetime import timedelta

import pytest

from aicost.kernel.periods import utc_today
from attribution.allocate import attribute
from attribution.estimates import estimate
from tests.attribution.test_estimates import bill, call, calls

YESTERDAY = utc_today() - timedelta(days=1)
VIEW = f"?from={utc_today() - timedelta(days=20)}&to={utc_today()}"


@pytest.mark.django_db
def test_overview_adds_what_is_expected_and_health_lists_what_has_no_price(visit, home, tmp_path):
    calls(tmp_path, [
        call(YESTERDAY - timedelta(days=4), 8, input_tokens=100_000_000),
        call(YESTERDAY, 8, input_tokens=8_000_000),
        call(YESTERDAY, 9, model="odd-llm", provider="vendor", input_tokens=500),
    ])  # fmt: skip
    bill(YESTERDAY - timedelta(days=4), "input", "100", "150.00")
    attribute()
    estimate()
    day = YESTERDAY - timedelta(days=4)
    estimate(day, day + timedelta(days=1))
    overview = visit("finance", f"/{VIEW}").content.decode()
    assert "$150" in overview
    assert "+ $12" in overview and "may still be billed, by estimate" in overview
    health = visit("finance", f"/health/{VIEW}&whole=1").content.decode()
    assert "Calls without a price" in health
    assert "/prices/?provider=vendor&amp;model=odd-llm" in health
    model = visit("finance", f"/models/gpt-5/{VIEW}&whole=1").content.decode()
    assert "83.3%" in model and "estimate / bill" in model
