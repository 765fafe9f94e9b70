"""Data health: can these figures be trusted, and what has to be done so that they can."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from aicost.accounts.scope import may_see_sources
from aicost.kernel.periods import Period, month_start, previous_month, utc_now
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.colours import colour
from aicost.web.estimated import unpriced
from aicost.web.exports import sheet_of_blocks
from aicost.web.parts import (
    RESIDUAL,
    STAMP,
    Figure,
    cost_blocks,
    estimate_from,
    money_figure,
    why_url,
)
from aicost.web.reasons import address
from aicost.web.shell import Page, Panel
from aicost.web.sorting import Sorting
from aicost.web.story_months import six_months
from aicost.web.tables import blocks
from attribution.reports.sheets import Sheet, sheet_of
from attribution.reports.spec import Answer

ZERO = Decimal(0)
LATE_DAYS = 3
ROWS_MAX = 12
LOOKS_MAX = 3
UNJOINED_MAX = 5
BY_CAUSE, LOST = ("state", "source"), {"kind": ("unattributed",)}
CURES = {
    "unobserved": ("No telemetry while the node was paid for", "Check the exporter on these nodes"),
    "unmetered": ("Billed tokens that no call accounts for", "Send the missing calls"),
    "unclaimed": ("No rule claims it and no tag names an owner", "Tag it or add a rule"),
}
UNJOINED_CURES = {
    "node without charges": "Add it to the resource map",
    "resource without charges": "Check the resource id in the map",
    "workload without map": "Add a pattern to the workload map",
    "model without cost": "Add its bill, or an alias",
    "model without calls": "Send its calls, or add an alias",
}


def _sorted_by(table: str, names: str) -> Sorting:
    known = {name: name for name in names.split()}
    words = ("source", "kind", "reason", "name", "state")
    return Sorting(known, words=words, table=table)


SORTS = {
    "sources": _sorted_by("", "source kind loaded_at through"),
    "reconciliation": _sorted_by(
        "reconciliation",
        "source billing_period control_written billed attributed idle shared unattributed residual",
    ),
    "quarantine": _sorted_by("quarantine", "source rows reason"),
    "restatements": _sorted_by("restatements", "created_at source billing_period billed_delta"),
    "deliveries": _sorted_by(
        "deliveries", "loaded_at source name state rows_read billed_written billed_cost difference"
    ),
}


def whole(ask: Ask, name: str) -> list[dict]:
    """The rows of a report about the data itself: no filters, no pools spread."""
    return _whole(ask, name).rows


def _whole(ask: Ask, name: str) -> Answer:
    return ask.report(name, group_by=(), filters={}, idle="shown", shared="shown")


def sources(ask: Ask) -> dict:
    """One line a source: state, how far it reaches, rows, control totals of bills."""
    totals: dict[str, dict] = {}
    for row in whole(ask, "deliveries"):
        one = totals.setdefault(
            row["source"],
            {"readers": {}, "read": 0, "held_back": 0, "held": 0, "deliveries": set()},
        )
        if row["delivery_id"] not in one["deliveries"]:
            one["deliveries"].add(row["delivery_id"])
            one["readers"][row["reader"]] = True
            one["held"] += row["state"] == "held"
            if row["state"] == "published":
                one["read"] += row["rows_read"]
                one["held_back"] += row["rows_quarantined"]
    listed = [_source(row, totals.get(row["source"])) for row in whole(ask, "freshness")]
    return {"sources": SORTS["sources"].rows(ask.view, listed)}


def _source(row: dict, total: dict | None) -> dict:
    state, note = _state(row, total)
    return row | {
        "state": state,
        "mark": {"On time": "on-time", "Needs a look": "look", "Late": "late"}.get(
            state, "waiting"
        ),
        "note": note,
        "readers": ", ".join(filter(None, total["readers"])) if total else "",
        "read": total["read"] if total else None,
        "held_back": total["held_back"] if total else None,
    }


def _state(row: dict, total: dict | None) -> tuple[str, str]:
    today = utc_now().date()
    if row["failed_days"]:
        return "Late", f"attribution failed on {numbers.plural(row['failed_days'], 'day')}"
    if row["through"] is None and row["loaded_at"] is not None and row["kind"] == "map":
        return "On time", "has no days of its own"
    if row["through"] is None:
        return "Waiting", "no data yet"
    late = (today - row["through"]).days
    if row["kind"] in ("bill", "telemetry", "usage") and late > LATE_DAYS:
        return "Late", f"no data for {numbers.plural(late - 1, 'day')}"
    if total and total["held"]:
        return (
            "Needs a look",
            f"{numbers.plural(total['held'], 'delivery', 'deliveries')} held, see below",
        )
    if row["dirty_days"]:
        return (
            "Needs a look",
            f"{numbers.plural(row['dirty_days'], 'day waits', 'days wait')} for attribution",
        )
    if total and total["held_back"]:
        return "Needs a look", f"{numbers.plural(total['held_back'], 'row')} in quarantine"
    final = row["final_through"]
    return "On time", f"final to {numbers.day(final)}" if final else ""


def lead(ask: Ask) -> dict:
    listed = sources(ask)["sources"]
    if not listed:
        text = " Put files into the inbox folder, or add them under Add data."
        return {"parts": [("No source has delivered anything yet.", True), (text, False)]}
    off = [row for row in whole(ask, "reconciliation") if row["residual"]]
    if off:
        names = ", ".join(f"{row['source']} {row['billing_period']}" for row in off[:3])
        return {
            "parts": [("The ledger differs from the bill: ", False), (names, True), (".", False)]
        }
    looks = [row for row in listed if row["state"] in ("Late", "Needs a look")]
    if not looks:
        return {
            "parts": [
                ("Every bill row loaded stands in the ledger, and every source is on time.", False)
            ]
        }
    parts = [("Every bill row loaded stands in the ledger. ", False)]
    many = "One source needs" if len(looks) == 1 else f"{len(looks)} sources need"
    named = "; ".join(f"{row['source']}, {row['note']}" for row in looks[:LOOKS_MAX])
    parts += [(f"{many} a look: ", False), (named, True)]
    if len(looks) > LOOKS_MAX:
        parts.append((f"; and {len(looks) - LOOKS_MAX} more", False))
    return {"parts": [*parts, (".", False)]}


def key_figures(ask: Ask) -> dict:
    answer = ask.report("cost", group_by=("feature",))
    found = blocks(answer.rows, ("feature",), colour=colour)
    rows = whole(ask, "quarantine")
    held = sum(row["rows"] for row in rows)
    final = _final_part(ask)
    under = (("", "checked in every load and every split", False),)
    name = "Difference to the bill"
    cards = [money_figure(name, answer.residual or ZERO, answer.currency or "", under=under)]
    if not found:
        cards = [Figure(name, numbers.NOT_APPLICABLE, word=True)]
    if final is not None:
        part, total, currency = final
        cards.append(
            Figure(
                "Final",
                numbers.percent(part, total),
                under=(
                    ("", f"{numbers.money(part, currency, 0)} from final days", False),
                    ("", f"{numbers.money(total - part, currency, 0)} may still change", False),
                ),
            )
        )
    cards.append(
        Figure(
            "In quarantine",
            numbers.count(held),
            " row" if held == 1 else " rows",
            under=(("", "none of them from a bill", False),),
        )
    )
    if found:
        lost = found[0].of("unattributed")
        share = numbers.percent(lost, found[0].total.cost)
        cards.append(
            money_figure(
                "Unattributed",
                lost,
                found[0].currency,
                final=answer.final,
                under=((share, "of cost", False),),
            )
        )
    return {"figures": cards}


def _final_part(ask: Ask) -> tuple[Decimal, Decimal, str] | None:
    """Cost of final days, cost of all days, currency."""
    answer = ask.report("cost", group_by=(), granularity="day")
    found = blocks(answer.rows, (), colour=colour)
    if not found:
        return None
    first, total = estimate_from(ask), found[0].total
    part = sum((c for day, c in total.by_period.items() if first is None or day < first), ZERO)
    return part, total.cost, found[0].currency


def reconciliation(ask: Ask) -> dict:
    """The billing periods of the view and the month before: that one has its invoice."""
    rows = [row | {"why": _why_bill(ask, row)} for row in whole(_billed(ask), "reconciliation")]
    rows.sort(key=lambda row: str(row["billing_period"]), reverse=True)
    return {"rows": SORTS["reconciliation"].rows(ask.view, rows)}


def _billed(ask: Ask) -> Ask:
    span = Period(previous_month(month_start(ask.period.start)), ask.period.end)
    return ask.with_view(period=span)


def _why_bill(ask: Ask, row: dict) -> str:
    at = [("source", row["source"]), ("billing_period", row["billing_period"])]
    return address(ask, figure="reconciliation", at=at, currency=row["currency"])


def unattributed(ask: Ask) -> dict:
    """Unattributed money by its cause, each with what cures it."""
    found = []
    for block in cost_blocks(ask, BY_CAUSE, filters=LOST):
        for line in block.lines:
            cause, cure = CURES.get(line.key[1], ("", ""))
            line.why = why_url(ask, line, BY_CAUSE, block.currency)
            found.append(
                {
                    "line": line,
                    "currency": block.currency,
                    "cause": cause,
                    "cure": cure,
                    "source": line.key[2],
                }
            )
    return {"rows": found, "period": numbers.period(ask.period), "loaded": _loaded(ask)}


def unjoined(ask: Ask) -> dict:
    """What stands on one side only, the dearest of each kind first, the others counted."""
    by_what: dict[str, list[dict]] = {}
    for row in whole(ask, "unjoined"):
        by_what.setdefault(row["what"], []).append(row)
    kinds = []
    for what, rows in by_what.items():
        rows.sort(key=lambda row: (-(row["cost"] or 0), -(row["requests"] or 0), row["name"]))
        more = len(rows) - UNJOINED_MAX
        cure = UNJOINED_CURES.get(what, "")
        kinds.append(
            {"what": what, "cure": cure, "rows": rows[:UNJOINED_MAX], "more": max(0, more)}
        )
    return {"kinds": kinds, "loaded": _loaded(ask)}


def quarantine(ask: Ask) -> dict:
    """One line a source and reason, with the place where it was first seen."""
    found: dict[tuple, dict] = {}
    for row in whole(ask, "quarantine"):
        key = (row["source"], row["reason"])
        found.setdefault(key, row | {"rows": 0})["rows"] += row["rows"]
    rows = sorted(found.values(), key=lambda row: -row["rows"])
    rows = SORTS["quarantine"].rows(ask.view, rows)
    more = max(0, len(rows) - ROWS_MAX)
    return {"rows": rows[:ROWS_MAX], "more": more, "loaded": _loaded(ask)}


def _loaded(ask: Ask) -> bool:
    """Whether anything was delivered at all: without data nothing can be said to be well."""
    return bool(whole(ask, "freshness"))


def restatements(ask: Ask) -> dict:
    """What later deliveries changed in the six months that end with the view: a bill is restated
    after its month, so the month of the view alone would rarely show any."""
    asked = _restated(ask)
    rows = SORTS["restatements"].rows(ask.view, whole(asked, "restatements"))
    period = numbers.period(asked.period)
    return {"rows": rows[:ROWS_MAX], "more": max(0, len(rows) - ROWS_MAX), "period": period}


def _recent(rows: list[dict]) -> list[dict]:
    rows = sorted(rows, key=lambda row: row["loaded_at"], reverse=True)
    rows.sort(key=lambda row: row["state"] != "held")
    recent = utc_now() - timedelta(days=31)
    return [row for row in rows if row["state"] == "held" or row["loaded_at"] > recent]


def deliveries(ask: Ask) -> dict:
    """The last deliveries, those that were held first."""
    kept = SORTS["deliveries"].rows(ask.view, _recent(whole(ask, "deliveries")))
    return {"rows": kept[:ROWS_MAX], "more": max(0, len(kept) - ROWS_MAX)}


def _as_data(name: str, title: str, view=None, rows=None) -> Callable[[Ask], Sheet]:
    """A table of a report about the data itself with all its rows, of which the page shows the
    first. `view` changes what is asked, `rows` picks among them, both as the panel does."""

    def table(ask: Ask) -> Sheet:
        answer = _whole(view(ask) if view else ask, name)
        picked = rows(answer.rows) if rows else answer.rows
        return sheet_of(title, answer, answer.columns, picked)

    return table


def unattributed_data(ask: Ask) -> Sheet:
    answer = ask.report("cost", group_by=BY_CAUSE, filters=LOST)
    found = cost_blocks(ask, BY_CAUSE, filters=LOST)
    return sheet_of_blocks("Unattributed", ask, answer, found, BY_CAUSE)


def _restated(ask: Ask) -> Ask:
    return ask.with_view(period=six_months(ask))


TABLES = {
    "sources": _as_data("freshness", "Sources"),
    "reconciliation": _as_data("reconciliation", "Reconciliation", view=_billed),
    "unattributed": unattributed_data,
    "unjoined": _as_data("unjoined", "What does not join"),
    "unpriced": _as_data("unpriced", "Calls without a price"),
    "quarantine": _as_data("quarantine", "Quarantine"),
    "restatements": _as_data("restatements", "Restatements", view=_restated),
    "deliveries": _as_data("deliveries", "Deliveries", rows=_recent),
}


def _box(template: str, build: Callable, title: str, **more) -> Panel:
    """A panel named like its template, with its table."""
    slug = template.removeprefix("parts/health_").removesuffix(".html")
    more |= {"table": TABLES[slug], "title": title, "sorting": SORTS.get(slug)}
    return Panel(slug, template, build, **more)


HEALTH = Page(
    slug="health",
    title="Data health",
    panels=(
        STAMP,
        Panel("lead", "parts/lead.html", lead),
        Panel("figures", "parts/figures.html", key_figures),
        _box("parts/health_sources.html", sources, "Sources"),
        _box("parts/health_reconciliation.html", reconciliation, "Reconciliation", lazy=True),
        _box("parts/health_unattributed.html", unattributed, "Unattributed", lazy=True),
        _box("parts/health_unjoined.html", unjoined, "What does not join", lazy=True),
        _box("parts/health_unpriced.html", unpriced, "Calls without a price", lazy=True),
        _box("parts/health_quarantine.html", quarantine, "Quarantine"),
        _box("parts/health_restatements.html", restatements, "Restatements", lazy=True),
        _box("parts/health_deliveries.html", deliveries, "Deliveries"),
        RESIDUAL,
    ),
    picks=("period", "basis"),
    filters=(),
    allowed=may_see_sources,
)
