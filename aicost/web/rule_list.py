"""The rules in claiming order with what each holds, for the page that lists them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from aicost.kernel.periods import utc_today
from aicost.kernel.targets import EVIDENCE
from aicost.web import numbers, rule_words
from aicost.web.ask import Ask
from attribution.claims import governing
from attribution.models import AllocationRule
from attribution.reports.spec import BadSpec
from attribution.ruling.edit import newest

ZERO = Decimal(0)
_EVIDENCE_WORDS = {"inferred": "by rule"}


@dataclass
class Held:
    """What a rule holds in one currency."""

    currency: str
    cost: Decimal
    series: int
    share: str
    evidence: str


@dataclass
class Row:
    """One rule of the list. `held` is the dearest currency first, None where it is unknown."""

    rule: AllocationRule
    number: int
    words: str
    method: str
    scope: str
    who: str
    is_last: bool = False
    held: Sequence[Held] | None = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.rule.key

    @property
    def state(self) -> str:
        return "" if self.rule.enabled else "off"


@dataclass
class Listing:
    """`rows` in claiming order, `apart` not in force today, `unknown` why money is not told."""

    rows: list[Row]
    apart: list[Row]
    unknown: str = ""


def rules_of(_: Ask) -> list[AllocationRule]:
    """The newest version of every rule."""
    return newest()


def listing(ask: Ask, order: Sequence[str] = ()) -> Listing:
    """The rules that govern today, in claiming order or in `order`, and the others."""
    rules = governing(utc_today())
    held, unknown = _held(ask)
    if order:
        at = {key: n for n, key in enumerate(order)}
        rules.sort(key=lambda rule: (at.get(rule.key, len(at)), rule.position, rule.key))
    rows = [row_of(rule, n, held) for n, rule in enumerate(rules, 1)]
    for row in rows[-1:]:
        row.is_last = row.rule.method == "unattributed" and not row.rule.conditions
    shown = {rule.key for rule in rules}
    others = [rule for rule in ask.once(rules_of) if rule.key not in shown]
    return Listing(rows, [row_of(rule, 0, held) for rule in others], unknown)


def row_of(rule: AllocationRule, number: int, held: dict[str, list[Held]] | None) -> Row:
    return Row(
        rule=rule,
        number=number,
        words=rule_words.conditions(rule.conditions),
        method=rule_words.method(rule),
        scope=rule_words.scope(rule),
        who=who(rule),
        held=None if held is None else held.get(rule.key, []),
    )


def behind(ask: Ask) -> str:
    """How many days still show what older rules said; '' when none does."""
    rows = ask.report("freshness", **WHOLE).rows
    dirty, failed = (sum(row[name] or 0 for row in rows) for name in ("dirty_days", "failed_days"))
    told = []
    if waiting := dirty - failed:
        told.append(f"{numbers.plural(waiting, 'day', 'days')} still to be counted anew")
    if failed:
        told.append(f"{numbers.plural(failed, 'day', 'days')} failed, see Data health")
    return f"{', '.join(told)}: shown is what stood there before." if told else ""


def who(rule: AllocationRule) -> str:
    """Who made this version: a person, or we, who ship it."""
    if rule.created_by is None:
        return "built in" if rule.built_in else "a command"
    return rule.created_by.get_full_name() or rule.created_by.get_username()


def _held(ask: Ask) -> tuple[dict[str, list[Held]] | None, str]:
    """rule key -> what it holds; or None and the reason."""
    try:
        rows = ask.report("rule_claims", **WHOLE).rows
    except BadSpec as error:
        return None, f"{str(error)[:1].upper()}{str(error)[1:]}."
    totals = sums(rows)
    found: dict[str, list[Held]] = {}
    for row in rows:
        whole = totals[row["currency"]]
        found.setdefault(row["rule"], []).append(
            Held(
                row["currency"],
                row["cost"],
                row["series"],
                numbers.percent(row["cost"], whole) if whole else "",
                evidence(row),
            )
        )
    return found, ""


WHOLE = {"group_by": (), "filters": {}, "idle": "shown", "shared": "shown"}


def sums(rows: Iterable[dict]) -> dict[str, Decimal]:
    """currency -> cost."""
    found: dict[str, Decimal] = {}
    for row in rows:
        found[row["currency"]] = found.get(row["currency"], ZERO) + row["cost"]
    return found


def evidence(row: dict) -> str:
    """The strongest sentence that is true: "measured 94%"."""
    whole = row["cost"]
    if not whole:
        return ""
    name = max(EVIDENCE, key=lambda name: abs(row[f"{name}_cost"]))
    word = _EVIDENCE_WORDS.get(name, name)
    return f"{word} {numbers.percent(row[f'{name}_cost'], whole, 0)}"
