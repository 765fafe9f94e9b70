"""Owned hardware, configured once: a bill a month, up to yesterday, and its rows of the map."""

from collections.abc import Iterator, Mapping
import csv
from datetime import date, timedelta
import hashlib
import io
from pathlib import Path

from aicost.kernel.periods import months_between, next_month, utc_today
from ingest.fetch.base import DATE, LINES, Check, Connector, Fetched, FetchError, Field
from ingest.fetch.landing import is_held
from ingest.sources.base import Unreadable
from ingest.sources.on_prem import Machines, machines_of

WHERE = "hardware"


def test(config: Mapping) -> Iterator[Check]:
    for one in _machines(config):
        gpus = f", {one.gpus} GPUs each" if one.gpus else ", no GPUs"
        yield Check(True, f"{len(one.nodes)} × {one.nodes[0]}{gpus}, until {one.life_end}")


def fetch(config: Mapping, state: Mapping, folder: Path) -> Iterator[Fetched]:
    """A set for every month whose bill is new or different since it was last made."""
    machines, lines = _machines(config), _table(config)
    made = dict(state.get("months", {}))
    since = date.fromisoformat(config["since"]) if config["since"] else date.min
    today, told = utc_today(), not any(one.gpus for one in machines)
    first = max(min((one.purchased for one in machines), default=today), since)
    for month in months_between(first, today - timedelta(days=1)):
        span = (max(month, since), min(next_month(month), today))
        clipped = (_clipped(*pair, *span) for pair in zip(machines, lines, strict=True))
        rows = [row for row in clipped if row]
        content = _csv(rows)
        sha256 = hashlib.sha256((content + _map(machines)).encode()).hexdigest()
        if not rows or made.get(f"{month:%Y-%m}") == sha256:
            continue
        bill, nodes = folder / f"on_prem_{month:%Y-%m}.csv", folder / "on_prem_nodes.csv"
        bill.write_text(content, encoding="utf-8")
        nodes.write_text(_map(machines), encoding="utf-8")
        before = made.get(f"{month:%Y-%m}", "")
        made[f"{month:%Y-%m}"] = sha256
        paths = (bill,) if told else (nodes, bill)
        told = True
        yield Fetched(paths, f"{month:%Y-%m}", {"months": dict(made)}, replace=True)
        if is_held(paths):
            made[f"{month:%Y-%m}"] = before


def _machines(config: Mapping) -> list[Machines]:
    try:
        machines = machines_of(config["hardware"], WHERE)
    except Unreadable as refusal:
        raise FetchError(f"{refusal.where}: {refusal.message}", refusal.cure) from refusal
    if not machines:
        raise FetchError("the hardware has no rows", "A header and a line for each kind of machine")
    return machines


def _table(config: Mapping) -> list[dict[str, str]]:
    rows = csv.DictReader(config["hardware"])
    return [{key.strip().lower(): value.strip() for key, value in row.items()} for row in rows]


def _clipped(one: Machines, row: dict[str, str], start: date, end: date) -> dict[str, str] | None:
    """The row over the days of [start, end) on which the machines are in service."""
    start, end = max(start, one.purchased), min(end, one.retired or end)
    return {**row, "from": start.isoformat(), "to": end.isoformat()} if start < end else None


def _csv(rows: list[dict[str, str]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(dict.fromkeys(key for row in rows for key in row)))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _map(machines: list[Machines]) -> str:
    """Rows of the resource map, so that telemetry and jobs of the nodes find their money."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("cluster", "node", "resource_id", "valid_from", "valid_to"))
    for one in machines:
        for node in one.nodes if one.gpus else ():
            writer.writerow(
                (one.cluster, node, one.resource_of(node), one.purchased, one.retired or "")
            )
    return out.getvalue()


CONNECTOR = Connector(
    name="on_prem",
    title="Own hardware",
    summary="Machines you bought: depreciation, power, hosting and people as daily charges",
    kind="bill",
    fields=(
        Field(
            "hardware",
            "Hardware",
            LINES,
            "CSV with a header: nodes, price, currency, purchased, life_months and more"
            " (docs/sources/on_prem.md)",
        ),
        Field("since", "Charges from", DATE, "Default: the day each was purchased", required=False),
    ),
    test=test,
    fetch=fetch,
    every_minutes=360,
)
