"""Movers as sentences: who, what, how much. Every word is computed from two reports."""

from collections import defaultdict
from decimal import Decimal

from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.parts import POOLS, cost_blocks, why_url
from aicost.web.tables import DESCRIBED, Block, Line
from aicost.web.units import unit_rows

ZERO = Decimal(0)
BY_FEATURE, BY_PART = ("feature",), ("feature", "activity")
BY_STATE = ("feature", "state")
NAMED = {"other": "other cost"}
SHARE_MIN = Decimal("0.15")


def _parts(block: Block, lines: tuple[str, ...]) -> dict[tuple, list[tuple[Decimal, str]]]:
    """line key by feature -> what it is made of, the largest change first."""
    found = defaultdict(list)
    for line in block.lines:
        if line.line not in lines:
            continue
        name = line.key[2] if len(line.key) > 2 else ""
        if name and line.delta:
            found[line.key[:2]].append(
                (line.delta, NAMED.get(name, DESCRIBED.get(name, name).lower()))
            )
    for parts in found.values():
        parts.sort(key=lambda item: -abs(item[0]))
    return found


def cause(line: Line, parts: list[tuple[Decimal, str]], currency: str, calls: str) -> str:
    """ ": training +$5,034, inference +$2,256; 12% more inferences"; what matters, at most two.
    A part smaller than 15 % of the change is not worth a word."""
    matter = [x for x in parts if abs(x[0]) >= abs(line.delta) * SHARE_MIN][:2]
    said = [f"{name} {numbers.change(delta, currency, 0)}" for delta, name in matter]
    if len(matter) == 1 and len(parts) == 1:
        said = [f"all of it {matter[0][1]}"]
    text = ", ".join(said)
    if calls:
        text = f"{text}; {calls}" if text else calls
    return f": {text}" if text else ""


def _calls(row) -> str:
    """ "12% more inferences", when both periods have calls and they differ by a percent or more."""
    if row is None or row.previous is None or not row.requests or not row.previous.requests:
        return ""
    now, was = Decimal(row.requests), Decimal(row.previous.requests)
    grown = (now - was) / was * 100
    if abs(grown) < 1:
        return ""
    return f"{numbers.percent_of(abs(grown), 0)} {'more' if grown > 0 else 'fewer'} inferences"


def movers(ask: Ask, movers_max: int) -> dict:
    """The lines that changed most, and one line for all the others, so that they add up."""
    found = cost_blocks(ask, BY_FEATURE)
    if not found:
        return {"movers": [], "none_now": True}
    block = found[0]
    if block.total.delta is None:
        return {"movers": []}
    parts = {}
    for group, lines in ((BY_PART, ("owned", "workload")), (BY_STATE, POOLS)):
        for other in cost_blocks(ask, group):
            if other.currency == block.currency:
                parts |= _parts(other, lines)
    units = {row.name: row for row in unit_rows(ask, BY_FEATURE)}
    ordered = sorted((x for x in block.lines if x.delta), key=lambda x: -abs(x.delta))
    listed = []
    for line in ordered[:movers_max]:
        calls = _calls(units.get(line.key[1])) if line.line == "owned" else ""
        listed.append(
            {
                "name": line.names[0],
                "text": cause(line, parts.get(line.key, []), block.currency, calls),
                "delta": line.delta,
                "growth": numbers.change_percent(line.cost, line.previous),
                "why": why_url(ask, line, BY_FEATURE, block.currency),
            }
        )
    rest = block.total.delta - sum((x["delta"] for x in listed), ZERO)
    if len(ordered) > movers_max:
        listed.append({"name": "", "text": "All others", "delta": rest, "growth": "", "why": ""})
    return {
        "movers": listed,
        "currency": block.currency,
        "total": block.total.delta,
        "span": numbers.period(ask.period),
    }
