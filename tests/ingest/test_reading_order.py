"""A bill is the same bill in whatever order its rows come and however they are parted into files:
the readers' expressions give equal charges, to the last digit."""

import csv
import os
from pathlib import Path
import random

import pytest

from tests.ingest.test_bill_goldens import BILLS, FOLDER, canonical

SEEDS = max(int(os.environ.get("AICOST_PROPERTY_CASES", "100")) // 100, 1)
CASES = ("focus/traps", "focus/azure", "aws_cur/types", "azure_cost/ea_actual",
         "gcp_billing/flattened", "on_prem/life")  # fmt: skip
REPEATED = 5


def write(path: Path, head: list[str], rows: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([head, *rows])
    return path


@pytest.mark.parametrize("case", CASES)
def test_neither_order_nor_parting_changes_a_charge(case, home, tmp_path_factory):
    reader = BILLS[case.partition("/")[0]]
    with (FOLDER / case / "input.csv").open(newline="", encoding="utf-8") as stream:
        head, *rows = csv.reader(stream)
    rows = rows * REPEATED
    folder = tmp_path_factory.mktemp("parted")
    expected = canonical(reader, write(folder / "whole.csv", head, rows))
    assert expected
    for seed in range(SEEDS):
        chance = random.Random(f"{case} {seed}")
        chance.shuffle(rows)
        cuts = sorted(chance.sample(range(1, len(rows)), min(3, len(rows) - 1)))
        parts = [rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
        files = [write(folder / f"{seed}-{nth}.csv", head, part) for nth, part in enumerate(parts)]
        assert canonical(reader, *files) == expected, f"seed {seed}"
