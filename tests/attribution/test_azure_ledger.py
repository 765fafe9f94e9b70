"""Azure's bill in the ledger: machines, tokens and commitments each find their place."""

from decimal import Decimal

from django.db.models import Sum
import pytest

from attribution.allocate import attribute
from attribution.audit import audit, is_clean
from attribution.models import AllocatedCharge
from ingest.load import load
from tests.ingest.test_bill_goldens import FOLDER

pytestmark = pytest.mark.django_db

GOLDENS = FOLDER / "azure_cost"


def placed() -> dict[tuple[str, str, str, str], Decimal]:
    """Effective cost by (kind, state, model, team) of the target, what is 0 left out."""
    rows = AllocatedCharge.objects.values_list(
        "target__kind", "target__state", "target__model", "target__team"
    ).annotate(cost=Sum("effective_cost"))
    return {tuple(key): cost for *key, cost in rows if cost}


def test_it_places_an_actual_bill(home):
    load([GOLDENS / "ea_actual" / "input.csv"], "azure")
    attribute()

    assert is_clean(audit())
    found = placed()
    assert found["workload", "active", "gpt-4o-2024-11-20", ""] == Decimal("3.00125")
    assert found["workload", "active", "gpt-5.4", ""] == Decimal("2.5")
    assert found["shared", "commitment", "", ""] == Decimal("1.75")
    assert found["shared", "fee", "", ""] == Decimal(500)


def test_it_places_an_amortised_bill(home):
    load([GOLDENS / "ea_amortised" / "input.csv"], "azure")
    attribute()

    assert is_clean(audit())
    assert placed()["idle", "unused_commitment", "", ""] == Decimal("0.5173333")
