"""An explanation as a story for a terminal: what the figure is, then what is behind it."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from aicost.kernel.money import plain
from attribution.reports.explain import ChosenCharge, Explanation, Weight
from attribution.reports.explain_bill import BillExplanation
from attribution.reports.explain_estimate import EstimateExplanation
from attribution.reports.explain_figures import Explained
from attribution.reports.explain_margin import MarginExplanation
from attribution.reports.explain_pools import Spreads
from attribution.reports.explain_unit import UnitExplanation, counted_words
from attribution.reports.explain_words import percent, told

STEP = "  "
MS_PER_SECOND = 1000
UNKNOWN = "unknown"
# Columns of a file row worth reading, by name in FOCUS and in CUR; the others are in the JSON.
READ = (
    "ChargePeriodStart", "lineItem/UsageStartDate", "line_item_usage_start_date",
    "ChargeDescription", "SkuId", "lineItem/UsageType", "line_item_usage_type",
    "BilledCost", "lineItem/UnblendedCost", "line_item_unblended_cost",
)  # fmt: skip


def story(found: Explained) -> str:
    """The whole explanation, a line each, deeper lines indented."""
    amount = UNKNOWN if found.figure is None else plain(found.figure)
    state = "final" if found.trust.final else "estimate: days of it may still change"
    loaded = f", as of {found.trust.as_of:%Y-%m-%d %H:%M} UTC" if found.trust.as_of else ""
    lines = [f"{amount} {found.currency or ''}".rstrip(), f"{state}{loaded}", "", found.sentence]
    return "\n".join([*lines, *_TELLERS[type(found)](found)])


def _in(lines: Iterable[str]) -> Iterator[str]:
    return (f"{STEP}{line}" if line else line for line in lines)


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    """Columns side by side: the first to the left, the others to the right."""
    if not rows:
        return []
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        STEP.join(
            text.ljust(width) if n == 0 else text.rjust(width)
            for n, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _cost(why: Explanation) -> Iterator[str]:
    if why.spreads:
        yield from _spreads(why, why.spreads)
    yield ""
    yield f"Charges: {why.charges:,}"
    rows = [
        (
            f"{one.what} {one.resource_name or one.resource_id}".strip(),
            plain(one.part),
            "" if one.charged is None else f"of {plain(one.charged)}",
            "" if one.ratio is None else percent(one.ratio * 100),
            f"{one.method}, {one.evidence}",
            f"--charge {one.day}:{one.charge_id}",
        )
        for one in why.lines
    ]
    if why.more_lines:
        rows.append((f"{why.more_lines:,} smaller", plain(why.more_part), "", "", "", ""))
    yield from _in(_table(rows))
    if why.chosen:
        yield from _charge(why.chosen)


def _spreads(why: Explanation, spreads: Spreads) -> Iterator[str]:
    yield ""
    yield f"Spread: {plain(why.own)} of its own"
    yield from _in([spreads.sentence])
    shares = [
        (
            f"{one.pool}, {one.source}, {one.start:%B %Y}" if one.over_month
            else f"{one.pool}, {one.source}, {one.start}",
            plain(one.part),
            "" if one.given is None else f"of {plain(one.given)}",
            "" if one.total_weight is None else f"by {one.weight:,} of {one.total_weight:,}",
        )
        for one in spreads.shares
        if one.part
    ]  # fmt: skip
    if spreads.more_shares:
        shares.append((f"{spreads.more_shares:,} smaller", plain(spreads.more_part), "", ""))
    yield from _in(_in(_table(shares)))
    if spreads.origins:
        yield f"{STEP}The pools"
        named = [
            (", ".join(filter(None, (one.source, one.pool, one.state, one.service, one.team))),
             plain(one.given))
            for one in spreads.origins
        ]  # fmt: skip
        yield from _in(_in(_table(named)))


def _charge(chosen: ChosenCharge) -> Iterator[str]:
    line, rule = chosen.line, chosen.rule
    yield ""
    what = f"{line.what} {line.resource_id}".strip()
    yield f"The charge: {what} on {line.day}"
    if chosen.quantity is not None:
        yield f"{STEP}{told(chosen.quantity)} {chosen.quantity_unit}".rstrip()
    if prices := chosen.unit_prices:
        each = {"billed": prices.billed, "effective": prices.effective, "list": prices.listed,
                "contracted": prices.contracted}  # fmt: skip
        known = ", ".join(f"{plain(v)} {name}" for name, v in each.items() if v is not None)
        yield f"{STEP}Per {prices.unit or 'unit'}: {known}"
    yield f"{STEP}Rule: {rule.title}, version {rule.version}"
    by = "built in" if rule.built_in else f"set by {rule.created_by or 'nobody named'}"
    since = f"in force since {rule.valid_from}" if rule.valid_from else "in force on all days"
    yield f"{STEP * 2}{by} on {rule.created_at:%Y-%m-%d}, {since}. {rule.method_title}."
    if rule.conditions:
        yield f"{STEP * 2}Claims what fits: {'; '.join(rule.conditions)}."
    if rule.note:
        yield f"{STEP * 2}{rule.note}"
    yield from _in(_weights(chosen))
    yield from _in(_file_rows(chosen))


def _weights(chosen: ChosenCharge) -> Iterator[str]:
    then = f", then {chosen.weight_unit2}" if chosen.weight_unit2 else ""
    unit = {"GPU-milliseconds": "GPU-seconds"}.get(chosen.weight_unit, chosen.weight_unit)
    yield f"Weights{f': {unit}{then}' if unit else ''} (* stands in the figure)"
    yield from _in(_table([_weight(one, chosen.weight_unit) for one in chosen.weights]))
    if seen := chosen.telemetry:
        yield (
            f"Telemetry of {seen.sources or 'nobody'}: {told(seen.observed_hours)} of"
            f" {told(seen.gpu_hours)} GPU-hours observed, {seen.devices:,} GPUs,"
            f" {seen.intervals:,} intervals"
        )
    for call in chosen.calls:
        tokens = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in call.tokens.items())
        count = "" if call.requests is None else f"{call.requests:,} requests"
        note = "" if call.counted else " (not counted: a call log covers it)"
        what = ", ".join(filter(None, (count, tokens)))
        yield f"Calls of {call.told} by {call.source}: {what}{note}"
    for price in chosen.token_prices:
        name = price.token_class.replace("_", " ")
        yield (
            f"Price of a million {name}: {plain(price.per_million)} {price.currency}"
            f" ({price.basis}, {price.origin})"
        )


def _weight(one: Weight, unit: str) -> tuple[str, ...]:
    names = ", ".join(dict.fromkeys(filter(None, one.dimensions.values())))
    seconds = unit == "GPU-milliseconds"

    def shown(weight: int) -> str:
        return told(Decimal(weight) / MS_PER_SECOND) if seconds else f"{weight:,}"

    second = "" if one.weight2 is None else f"{one.weight2:,}"
    if one.total_weight2 is not None:
        second += f" of {one.total_weight2:,}"
    return (
        f"{'* ' if one.chosen else '  '}{names or one.state.replace('_', ' ')}",
        one.state.replace("_", " "),
        shown(one.weight) + (f" of {shown(one.total_weight)}" if one.total_weight else ""),
        second,
        plain(one.cost),
    )


def _file_rows(chosen: ChosenCharge) -> Iterator[str]:
    yield f"Delivery {chosen.delivery_id}, {chosen.delivery}"
    file = ""
    for row in chosen.rows:
        if row["file"] != file:
            file = row["file"]
            yield f"{STEP}{file}, sha256 {row['sha256'][:12]}"
        columns = {name.casefold(): value for name, value in row["columns"].items()}
        read = [columns[name.casefold()] for name in READ if columns.get(name.casefold())]
        yield f"{STEP * 2}line {row['line']:,}: {', '.join(read)}"
    if chosen.rows_note:
        yield f"{STEP}{chosen.rows_note}"


def _unit(why: UnitExplanation) -> Iterator[str]:
    yield ""
    yield f"Counted: {UNKNOWN if why.denominator is None else f'{why.denominator:,}'}"
    for one in why.counted:
        count = "none of it" if one.counted is None else f"{one.counted:,}"
        covered = ", a provider's own count" if one.is_count else ""
        yield f"{STEP}{one.source}{covered}: {count} {counted_words(why.denominator_name)}"
        if one.deliveries:
            yield f"{STEP * 2}{', '.join(one.deliveries)}"
    for part in why.parts:
        yield ""
        yield f"{part.name.replace('_', ' ').capitalize()}: {plain(part.cost)} {why.currency}"
        yield from _in([part.why.sentence, *_cost(part.why)])


def _margin(why: MarginExplanation) -> Iterator[str]:
    yield ""
    yield f"Revenue: {UNKNOWN if why.revenue is None else plain(why.revenue)}"
    rows = [
        (f"{one.source}, delivery {one.delivery_id}, {one.file or one.delivery}",
         f"{one.rows:,} rows", f"{one.first_day} to {one.last_day}", plain(one.amount))
        for one in why.revenue_lines
    ]  # fmt: skip
    if why.more_lines:
        rows.append((f"{why.more_lines:,} smaller", "", "", plain(why.more_amount)))
    if why.bundled:
        rows.append(("out of bundles, by the rules of finance", "", "", plain(why.bundled)))
    yield from _in(_table(rows))
    yield ""
    yield f"Cost: {plain(why.cost)}, of which {plain(why.cost_of_revenue)} is cost of revenue"
    yield from _in([why.why_cost.sentence, *_cost(why.why_cost)])


def _estimate(why: EstimateExplanation) -> Iterator[str]:
    yield ""
    yield f"Estimated: {plain(why.estimated)}, usage times price"
    rows = [
        (
            ", ".join(filter(None, (one.provider, one.model or one.resource_id, one.usage_source))),
            f"{told(one.quantity)} {one.token_class.replace('_', ' ')}",
            "no price" if one.unit_price is None else f"at {plain(one.unit_price)}",
            " ".join(filter(None, (one.price_basis.replace("_", " "), one.price_origin))),
            UNKNOWN if one.estimated is None else plain(one.estimated),
        )
        for one in why.lines
    ]
    if why.more_lines:
        rows.append((f"{why.more_lines:,} smaller", "", "", "", plain(why.more_estimated)))
    yield from _in(_table(rows))


def _bill(why: BillExplanation) -> Iterator[str]:
    yield ""
    yield f"Billed: {plain(why.billed)} in {why.charges:,} charges"
    stands = [(name, plain(amount)) for name, amount in why.stands.items()]
    yield from _in(_table([*stands, ("residual", plain(why.figure))]))
    yield "Deliveries in force"
    for one in why.deliveries:
        total = "" if one.written is None else f", {plain(one.written)} as written"
        yield f"{STEP}{one.delivery_id}, {one.name} ({one.reader}): {one.rows:,} rows{total}"
    for day in why.days:
        cause = day.failure or ("waits for attribution" if day.waits else "is published")
        when = f"{day.day}" if day.day == day.until else f"{day.day} to {day.until}"
        yield f"{when}: {plain(day.billed)} billed, {plain(day.stands)} stand; {cause}"


_TELLERS: dict[type, Callable[..., Iterator[str]]] = {
    Explanation: _cost,
    UnitExplanation: _unit,
    MarginExplanation: _margin,
    EstimateExplanation: _estimate,
    BillExplanation: _bill,
}
