"""Google Cloud's export as files: what is refused, and where it stands."""

import json

import pytest

from ingest.file_rows import rows_of_charge
from ingest.load import load
from ingest.models import Charge
from tests.ingest.test_gcp_bigquery import row

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ("{", "rows.jsonl, line 3: no JSON"),
        (json.dumps(row("2025-09-03", 1.0, invoice={})), "line 3: column invoice.month: no month"),
        (json.dumps(row("2025-09-03", None)), "line 3: column cost: no amount is given"),
        (json.dumps(row("2025-09-03", 1.0, ("PROMOTION", None))), "line 3: column credits"),
        (json.dumps(row("2025-09-03", float("nan"))), "line 3: column cost: 'NaN' is no amount"),
    ],
)
def test_it_holds_nested_rows_naming_the_line(home, second, words):
    first = json.dumps(row("2025-09-03", 1.0))
    path = home / "rows.jsonl"
    path.write_text(f"{first}\n\n{second}\n", encoding="utf-8")

    [held] = load([path])

    assert held.state == "held" and words in held.message
    assert not Charge.objects.exists()


def test_it_shows_the_nested_row_behind_a_charge(home):
    path = home / "rows.jsonl"
    rows = (row("2025-09-03", 1.5), row("2025-09-04", 2.0, ("PROMOTION", -0.5)))
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    load([path])

    charge = Charge.objects.get(day="2025-09-04")
    [told] = rows_of_charge(charge)

    assert (charge.scope.part, told["line"]) == ("2025-09", 2)
    assert told["columns"]["cost"] == "2.0"
    assert told["columns"]["usage.pricing_unit"] == "hour"
