"""How much of the whole bill is AI, per source. A ledger that holds the whole cloud bill answers
for all of the cloud; one that holds only AI answers 100 % less what is shared."""

from decimal import Decimal, localcontext

from attribution.classify import is_ai
from attribution.reports.base import ALL_GRANULARITIES, Report, binds, fetch
from attribution.reports.spec import Spec

PARTS = ("ai_cost", "shared_cost", "other_cost", "cost")
COLUMNS = ("period", "source", "line", "currency", *PARTS, "ai_percent", "ai_percent_of_used")
PERCENT_DIGITS = 12


def rows(spec: Spec) -> list[dict]:
    """One row a step, source and currency, and one of all sources where there are several.
    `ai_percent` is of the whole bill; `ai_percent_of_used` of what is not shared: tax, support and
    commitments serve both. None where there is nothing to be a share of."""
    series = [one for row in fetch("ai_words", {}) if is_ai(row) for one in row["series"]]
    found = fetch("ai_share", binds(spec) | {"ai_series": series})
    totals: dict[tuple, dict] = {}
    sources: dict[tuple, int] = {}
    for row in found:
        key = row["period"], row["currency"]
        empty = dict.fromkeys(PARTS, Decimal(0)) | {"source": "", "line": "total"}
        total = totals.setdefault(key, empty | {"period": key[0], "currency": key[1]})
        for name in PARTS:
            total[name] += row[name]
        sources[key] = sources.get(key, 0) + 1
    listed = [row | {"line": "source"} for row in found]
    listed += [total for key, total in totals.items() if sources[key] > 1]
    shown = [_with_shares(row) for row in listed]
    return sorted(shown, key=lambda row: (row["period"], row["currency"], row["line"] == "total"))


def _with_shares(row: dict) -> dict:
    used = row["ai_cost"] + row["other_cost"]
    shares = {
        "ai_percent": _percent(row["ai_cost"], row["cost"]),
        "ai_percent_of_used": _percent(row["ai_cost"], used),
    }
    return {name: (row | shares)[name] for name in COLUMNS}


def _percent(part: Decimal, whole: Decimal) -> Decimal | None:
    if not whole:
        return None
    with localcontext() as context:
        context.prec = PERCENT_DIGITS
        return part / whole * 100


REPORT = Report(
    name="ai_share",
    title="AI share of the bill",
    rows=rows,
    columns=lambda spec: COLUMNS,
    granularities=ALL_GRANULARITIES,
    measure="ai_cost",
    whole_company=True,
)
