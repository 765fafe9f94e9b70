"""What each team is charged for a month, or shown: what it used, its idle, its share of the pools.

Chargeback spreads idle and shared cost over the teams, showback leaves them on lines of their own.
Either way all statements and what stands on no team sum to the bill."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from aicost.kernel.periods import month_start
from attribution.reports.base import ALL_POOLS, Report, binds, fetch, pick
from attribution.reports.compare import previous_period
from attribution.reports.cost import billed_rows
from attribution.reports.expected import expected_rows
from attribution.reports.spec import LEFT_OUT, SHOWN, Spec

HOLDERS = ("team", "department", "cost_centre")
NAMES = ("feature", "model", "service")
USED, UNCLEAR, OWN_IDLE, OWN_SHARED, IDLE_SHARE, SHARED_SHARE = IN_BILL = (
    "used",
    "unclear",
    "own_idle",
    "own_shared",
    "share_of_idle",
    "share_of_shared",
)
CORRECTION, TRUE_UP, EXPECTED = BESIDE = ("correction", "true_up", "expected")
_BY_KIND = {
    "workload": USED,
    "unattributed": UNCLEAR,
    "idle": OWN_IDLE,
    "shared": OWN_SHARED,
}
LINES = ("owned", "workload", "shared", "idle", "unattributed")
ZERO = Decimal(0)


def holder(spec: Spec) -> str:
    """The dimension that statements are for."""
    return spec.group_by[0] if spec.group_by else HOLDERS[0]


def columns(spec: Spec) -> tuple[str, ...]:
    return (
        ("period", holder(spec), "line", "section", *NAMES, "currency")
        + ("cost", "previous", "delta", "beside")
    )  # fmt: skip


def rows(spec: Spec) -> list[dict]:
    """`cost` is in the bill of the period's days, `previous` in that of the period before;
    `beside` is in neither: what the period's invoices bill for earlier months (it stands in
    those), what the closed months of the period before cost now less what was reported, and what
    the estimates still expect."""
    found: dict[tuple, dict] = {}
    for key, amount in _in_bill(spec):
        _at(spec, found, key)["cost"] += amount
    for key, amount in _in_bill(replace(spec, period=previous_period(spec.period))):
        _at(spec, found, key)["previous"] += amount
    for key, amount in _beside(spec):
        row = _at(spec, found, key)
        row["beside"] = None if amount is None or row["beside"] is None else row["beside"] + amount
    kept = [
        row | {"delta": row["cost"] - row["previous"]}
        for row in found.values()
        if row["cost"] or row["previous"] or row["beside"] != 0
    ]
    return pick(sorted(kept, key=lambda row: _place(spec, row)), columns(spec))


def _at(spec: Spec, found: dict[tuple, dict], key: tuple) -> dict:
    names = (holder(spec), "line", "section", *NAMES, "currency")
    empty = dict(zip(names, key, strict=True)) | {"period": spec.period.start}
    return found.setdefault(key, empty | dict.fromkeys(("cost", "previous", "beside"), ZERO))


def _in_bill(spec: Spec) -> Iterator[tuple[tuple, Decimal]]:
    asked = (holder(spec), *NAMES, "kind")
    for row in billed_rows(replace(spec, group_by=asked, estimates=LEFT_OUT)):
        shares = (
            (IDLE_SHARE, row.get("idle_spread", ZERO)),
            (SHARED_SHARE, row.get("shared_spread", ZERO)),
        )
        own = row["cost"] - sum(amount for _, amount in shares)
        line = "owned" if row[holder(spec)] else row["kind"]
        pool = row["kind"] in ("idle", "shared")
        for section, amount in ((_BY_KIND[row["kind"]], own), *shares):
            # What a pool gives away, one that names the team too, is taken from its own section.
            named = _BY_KIND[row["kind"]] if pool else section
            if amount:
                yield _key(spec, row, line, named), amount


def _beside(spec: Spec) -> Iterator[tuple[tuple, Decimal | None]]:
    named = spec.filters.get(holder(spec))
    values = {"holder": holder(spec), "names": None if named is None else list(named)}
    values["first"] = month_start(previous_period(spec.period).start)
    for section, query in ((CORRECTION, "statement_corrections"), (TRUE_UP, "statement_true_up")):
        for row in fetch(query, binds(spec) | values):
            yield _key(spec, row, "owned" if row["holder"] else "workload", section), row["cost"]
    asked = (holder(spec), "feature", "model", "kind")
    for row in expected_rows(replace(spec, group_by=asked)) if spec.estimates == SHOWN else ():
        line = "owned" if row[holder(spec)] else row["kind"]
        yield _key(spec, row, line, EXPECTED), row["estimated_cost"]


def _key(spec: Spec, row: dict, line: str, section: str) -> tuple:
    names = tuple(row.get(name) or "" for name in NAMES)
    return (
        row.get(holder(spec)) or row.get("holder") or "",
        line,
        section,
        *names,
        row["currency"],
    )


def _place(spec: Spec, row: dict) -> tuple:
    sections = (*IN_BILL, *BESIDE)
    name = row[holder(spec)]
    names = tuple(row[one] for one in (*NAMES, "currency"))
    section = sections.index(row["section"])
    return LINES.index(row["line"]), name, section, -row["cost"], -row["previous"], names


REPORT = Report(
    name="statement",
    title="Statements",
    rows=rows,
    columns=columns,
    groups=HOLDERS,
    filters=HOLDERS,
    pools=ALL_POOLS,
    measure="cost",
)
