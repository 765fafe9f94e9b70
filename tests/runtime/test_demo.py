"""The demo company's files: always the same, true to the cent, known by their headers."""

from collections import defaultdict
from collections.abc import Iterator
import csv
from datetime import date
from decimal import Decimal
import gzip
from hashlib import sha256
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from aicost.runtime.demo import generate, steps
from aicost.runtime.demo.story import plan_story

TODAY = date(2026, 11, 22)
Totals = dict[tuple[str, str], Decimal]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder, TODAY)
    return folder


def truth_of(folder: Path) -> dict:
    return json.loads((folder / "truth.json").read_text())


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    yield from csv.DictReader(text.decode().splitlines())


def cur_lines(folder: Path) -> Iterator[dict[str, str]]:
    """The lines of the sets that the period manifests name."""
    bucket = folder / "bills" / "aws"
    for manifest in sorted(bucket.glob("ai/mf-hourly/*/mf-hourly-Manifest.json")):
        for key in json.loads(manifest.read_text())["reportKeys"]:
            yield from rows_of(bucket / key)


def effective(line: dict[str, str]) -> Decimal:
    kind = line["lineItem/LineItemType"]
    if kind == "SavingsPlanCoveredUsage":
        return Decimal(line["savingsPlan/SavingsPlanEffectiveCost"])
    if kind == "SavingsPlanRecurringFee":
        committed = Decimal(line["savingsPlan/TotalCommitmentToDate"])
        return committed - Decimal(line["savingsPlan/UsedCommitment"])
    if kind == "SavingsPlanNegation":
        return Decimal(0)
    return Decimal(line["lineItem/UnblendedCost"])


def summed_files(folder: Path) -> tuple[Totals, Totals]:
    """Billed and effective cost per (source, month of the charge day), read from the bills."""
    billed: Totals = defaultdict(Decimal)
    amortised: Totals = defaultdict(Decimal)
    for line in cur_lines(folder):
        key = ("aws", line["lineItem/UsageStartDate"][:7])
        billed[key] += Decimal(line["lineItem/UnblendedCost"])
        amortised[key] += effective(line)
    later = {path.name.replace("_restated", "") for path in folder.glob("bills/llm-restated/*")}
    paths = [path for path in folder.glob("bills/llm/*.csv") if path.name not in later]
    named = [("sagebrook", path) for path in (*paths, *folder.glob("bills/llm-restated/*.csv"))]
    named += [("account-4471", path) for path in folder.glob("bills/account-4471/*.csv")]
    for source, path in named:
        for row in rows_of(path):
            key = (source, row["ChargePeriodStart"][:7])
            billed[key] += Decimal(row["BilledCost"])
            amortised[key] += Decimal(row["EffectiveCost"])
    return billed, amortised


def test_it_writes_the_same_bytes_for_the_same_day_and_seed(tmp_path: Path) -> None:
    generate(tmp_path / "once", TODAY, days=16)
    generate(tmp_path / "again", TODAY, days=16)
    generate(tmp_path / "other", TODAY, days=16, seed=8)
    assert digests(tmp_path / "once") == digests(tmp_path / "again")
    assert digests(tmp_path / "once") != digests(tmp_path / "other")


def test_its_truth_is_the_sum_of_the_bills(demo: Path) -> None:
    billed, amortised = summed_files(demo)
    told = {
        (row["source"], row["month"]): Decimal(row["cost"])
        for row in truth_of(demo)["monthly_totals"]
    }
    assert billed == told
    assert amortised == told


def test_each_month_costs_what_the_story_says(demo: Path) -> None:
    """To less than a node-hour; the last month in proportion to its days and weekends."""
    truth, months = truth_of(demo), defaultdict(Decimal)
    for row in truth["monthly_totals"]:
        months[row["month"]] += Decimal(row["cost"])
    off = [
        abs(months[month] - Decimal(target))
        for month, target in zip(truth["months"][:5], truth["targets"], strict=False)
    ]
    assert max(off) < 33
    story = plan_story(TODAY, truth["seed"])
    november = [day for day in story.days if day >= story.months[5]]
    expected = sum(map(story.day_target, november)) + story.monthly_support(story.months[5])
    assert abs(months["2026-11"] - expected) < 33
    assert Decimal(195_000) < expected * 30 / 21 < Decimal(205_000)


def test_billed_hours_and_telemetry_tell_one_story(demo: Path) -> None:
    """A node is observed in its billed hours and in no other, but for the silent 36."""
    nodes = {row["resource_id"]: row for row in rows_of(demo / "maps/resource_map.csv")}
    billed, seen = set(), set()
    for line in cur_lines(demo):
        node, hour = nodes.get(line["lineItem/ResourceId"]), line["lineItem/UsageStartDate"][:13]
        instance = line["lineItem/Operation"] == "RunInstances"
        scraped = node and node["cluster"] == "mf-serve" and hour >= "2026-11-15"
        if node and instance and not scraped:
            billed.add((node["node"], hour))
    for path in demo.glob("telemetry/*.parquet"):
        table = pq.read_table(path, columns=["node", "t_start"])
        stamps = table["t_start"].cast("string").to_pylist()
        pairs = zip(table["node"].to_pylist(), stamps, strict=True)
        seen |= {(node, f"{stamp[:10]}T{stamp[11:13]}") for node, stamp in pairs}
    silent = billed - seen
    assert {node for node, _ in silent} == {"gpu-exp-01"}
    assert len(silent) == 36
    assert {node for node, _ in seen - billed} == {"sandbox-01"}, "it stands in no bill"


def test_support_earns_less_than_it_costs_in_the_last_two_months_only(demo: Path) -> None:
    rows = [row for row in truth_of(demo)["features"] if row["feature"] == "support-assistant"]
    margins = [Decimal(row["revenue"]) - Decimal(row["cost"]) for row in rows]
    assert [margin > 0 for margin in margins] == [True, True, True, True, False, False]
    assert all(row["exact"] for row in rows)


def test_its_tracker_knows_the_runs_that_held_the_gpus(demo: Path) -> None:
    """Runs hold the GPU-hours that telemetry says their pods held."""
    runs = [row for path in demo.glob("runs/*.csv.gz") for row in rows_of(path)]
    held = defaultdict(int)
    for path in demo.glob("telemetry/*.parquet"):
        table = pq.read_table(path, columns=["workload_key", "zero_s"])
        keys = table["workload_key"].to_pylist()
        for key in keys:
            for name in ("train-rank", "train-persona", "exp-gnn-basket", "exp-two-tower"):
                held[name] += f"/{name}-" in key
    told = defaultdict(int)
    for row in runs:
        name = f"exp-{row['experiment']}" if row["experiment"] else row["run_id"].rsplit("-", 2)[0]
        told[name] += int(row["gpu_seconds"]) // 3600
    for name, hours in held.items():
        assert told[name] == hours, name
    assert len({row["run_id"] for row in runs}) == len(runs)
    assert len(runs) == truth_of(demo)["counts"]["tracked_runs"]
    ends = [row["status"] for row in runs]
    assert ends.count("running") == 1 and 40 < ends.count("failed") < 150
    again = [row for row in runs if row["reason"] == "failure_restart"]
    assert again and {row["restarted_from"] for row in again} == {"checkpoint"}


@pytest.mark.parametrize("today", ["2026-01-01", "2026-03-02", "2024-03-01", "2026-12-06"])
def test_it_can_be_told_on_any_day(tmp_path: Path, today: str) -> None:
    """Also on the first of a month, when the current month has no day yet."""
    generate(tmp_path, date.fromisoformat(today), days=40)
    events = {event["name"]: event for event in truth_of(tmp_path)["events"]}
    assert events["idle_weekend"]["cost"] == "1573.0848"
    assert events["telemetry_gap"]["cost"] == "1179.8136"
    assert all(event["to"] <= today for event in events.values())
    assert [step.source for step in steps(tmp_path)][-1] == "sagebrook"
