"""200 files gone wrong: none crashes the load, none is half in the ledger, each says what it is.

Every golden, of every reader, may meet every mutation; the choice is fixed by its seed."""

from decimal import Decimal
from itertools import product
from pathlib import Path
import random

from django.db import transaction
from django.db.models import Sum
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.load import load
from ingest.models import (
    Charge,
    ControlTotal,
    Delivery,
    GpuInterval,
    Quarantined,
    Restatement,
    Usage,
)
from tests.ingest.bills import focus_row, write_focus
from tests.ingest.mutate import MUTATIONS
from tests.ingest.test_bill_goldens import ALL, FOLDER

FILES = 200
TABLES = (Charge, Usage, GpuInterval, Quarantined, ControlTotal, Restatement)
_all = list(product(range(len(ALL)), range(len(MUTATIONS))))
random.Random(20260901).shuffle(_all)
# Every mutation and every golden at least once, then the rest by chance.
_first = {m: (g, m) for g, m in _all} | {("golden", g): (g, m) for g, m in _all}
CASES = list(dict.fromkeys([*_first.values(), *_all]))[:FILES]


def case_name(case: tuple[int, int]) -> str:
    golden, mutation = case
    told = ALL[golden].parent.relative_to(FOLDER).as_posix()
    return f"{told}-{MUTATIONS[mutation].__name__}"


def counts() -> dict[str, int]:
    return {table.__name__: table.objects.count() for table in TABLES}


def test_there_are_as_many_as_promised():
    assert len(CASES) == FILES


@pytest.mark.django_db
@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_it_survives_a_file_gone_wrong(case, tmp_path, home):
    golden, mutation = ALL[case[0]], MUTATIONS[case[1]]
    data, suffix = mutation(golden.read_bytes(), random.Random(case_name(case)))
    path: Path = tmp_path / f"gone-wrong{golden.suffix}{suffix}"
    path.write_bytes(data)
    before = counts()
    with transaction.atomic():
        results = load([path], "gone wrong")
        for result in results:
            if result.state == Delivery.HELD:
                assert "gone-wrong" in result.message, "it names the file"
                assert ". " in result.message, f"it says the cure: {result.message}"
            else:
                assert result.rows_read == result.rows_loaded + result.rows_quarantined
                assert _stored(result) == _written(result)
        if all(result.state == Delivery.HELD for result in results):
            assert counts() == before
        transaction.set_rollback(True)


def _stored(result) -> Decimal:
    told = Charge.objects.filter(delivery=result.delivery).aggregate(total=Sum("billed_cost"))
    return told["total"] or Decimal(0)


def _written(result) -> Decimal:
    return sum((Decimal(total["billed_cost"]) for total in result.totals), Decimal(0))


@pytest.mark.django_db
def test_it_holds_a_month_whose_columns_were_renamed_half_way(tmp_path, home):
    first = write_focus(tmp_path / "1.csv", focus_row("a", "2026-09-01", "1"))
    second = write_focus(tmp_path / "2.csv", focus_row("b", "2026-09-16", "2"))
    second.write_text(second.read_text().replace("EffectiveCost", "AmortisedCost", 1))
    [held] = load([first, second], "renamed")
    assert (held.state, Charge.objects.count()) == ("held", 0)
    assert "2.csv, line 1: the column EffectiveCost is missing" in held.message


@pytest.mark.django_db
def test_it_holds_parquet_whose_footer_lies(tmp_path, home):
    path = tmp_path / "focus.parquet"
    rows = [focus_row("a", "2026-09-01", "1"), focus_row("b", "2026-09-02", "2")]
    pq.write_table(pa.Table.from_pylist(rows), path)
    good = path.read_bytes()
    size = int.from_bytes(good[-8:-4], "little")
    for lie in (size - 7, size + 9, 0, 2**31 - 1):
        path.write_bytes(good[:-8] + lie.to_bytes(4, "little") + good[-4:])
        [held] = load([path], "lying")
        assert (held.state, Charge.objects.count()) == ("held", 0)
        assert "focus.parquet" in held.message and "Fetch it again" in held.message
