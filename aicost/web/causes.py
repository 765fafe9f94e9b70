"""Why cost moved, in words: rows of report bridge folded into causes that add up to the change.

Pure: rows in, sentences out. A cause is one effect on one name: "137% more inferences"."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from aicost.web import numbers
from aicost.web.tables import LINE_NAMES

ZERO = Decimal(0)
LEAVES = ("feature", "model", "experiment", "activity", "kind")
# Leaves as far as a story tells them apart: models only where they are new or gone.
STORY = ("feature", "experiment", "activity", "kind", "begun_or_ended")
TIMES_FROM = 100
NAMES_MAX = 3
MIN_PERCENT, PART_MIN = Decimal("0.5"), Decimal("0.15")
# Effects that are told together; price is of calls or of GPU hours by the activity.
WAYS = {"days": "days", "calls": "calls", "size": "calls", "mix": "calls", "hours": "hours",
        "price": "", "new": "new", "gone": "gone", "idle": "idle", "rest": "rest",
        "credits": "credits", "late": "late", "rules": "rules"}  # fmt: skip
# effect in words: (key, heading, what it says); keys split volume by its unit.
EFFECTS = (
    ("days", "Days", "a longer or shorter period at what a day costs"),
    ("calls", "Inferences", "more or fewer inferences"),
    ("hours", "GPU hours", "more or fewer GPU hours of training and experiments"),
    ("size", "Length", "longer or shorter inferences, in tokens"),
    ("mix", "Mix", "inferences moving to dearer or cheaper models of the same feature"),
    ("price", "Price", "what an inference, a token or a GPU hour costs"),
    ("new", "New", "cost nothing before"),
    ("gone", "Gone", "costs nothing now"),
    ("idle", "Idle", "capacity nobody used"),
    ("rest", "No quantity", "storage, network, shared, unattributed"),
    ("credits", "Credits", "what the provider gave back"),
    ("late", "Late", "more or less of the bill that is still to come"),
    ("rules", "Rules", "what rules moved that changed in between"),
)
KEYS = tuple(key for key, _, _ in EFFECTS)
_COLUMNS = tuple(
    (key, "unmetered_effect" if key == "rest" else f"{key}_effect")
    for key in KEYS
    if key not in ("calls", "hours")
)
HEADINGS = {key: heading for key, heading, _ in EFFECTS}


def effects_of(row: dict) -> dict[str, Decimal]:
    """The effects of one row by key, without those of nothing; volume is of calls or of GPU hours
    by its activity."""
    found = {key: row[column] for key, column in _COLUMNS if row[column]}
    if row["volume_effect"]:
        found["calls" if row["activity"] == "inference" else "hours"] = row["volume_effect"]
    return found


def summed(rows: Iterable[dict]) -> dict[str, Decimal]:
    """The effects of all rows, key by key; they add up to the change of all rows."""
    total = dict.fromkeys(KEYS, ZERO)
    for row in rows:
        for key, amount in effects_of(row).items():
            total[key] += amount
    return total


@dataclass
class Cause:
    """What moved one name, in one way: its calls, its GPU hours, what is new, gone, idle or has no
    quantity. `parts` are the effects it consists of, with their rows."""

    name: str
    line: str
    way: str
    what: str
    parts: dict[str, Decimal] = field(default_factory=dict)
    rows: list[dict] = field(default_factory=list)
    beside_new: bool = False

    @property
    def amount(self) -> Decimal:
        return sum(self.parts.values(), ZERO)

    def text(self, currency: str) -> str:
        """ "39% more inferences +$5,413, cheaper tokens −$5,650"; small parts are left unsaid."""
        most = max((abs(x) for x in self.parts.values()), default=ZERO)
        ordered = sorted(self.parts.items(), key=lambda part: -abs(part[1]))
        said = [(key, x) for key, x in ordered if abs(x) >= most * PART_MIN]
        if len(said) == 1:
            return SAYS[said[0][0]](self, said[0][1])
        return ", ".join(
            f"{SAYS[key](self, x)} {numbers.change(x, currency, 0)}" for key, x in said
        )

    def told(self, currency: str) -> str:
        """The same, with an amount in any case."""
        most = max((abs(x) for x in self.parts.values()), default=ZERO)
        text = self.text(currency)
        if sum(abs(x) >= most * PART_MIN for x in self.parts.values()) > 1:
            return text
        return f"{text} {numbers.change(self.amount, currency, 0)}"


def subject(row: dict) -> str:
    """What the money is called: its feature, else experiments and training, else its line."""
    if row["feature"]:
        return row["feature"]
    if row["experiment"] or row["activity"] in ("training", "experimentation"):
        return "Training" if row["activity"] == "training" else "Experiments"
    if row["kind"] == "idle":  # what idles of experiments and training is theirs
        return "Idle, no feature or experiment"
    return LINE_NAMES.get(row["kind"], "No feature")


def line_of(row: dict) -> str:
    """owned, workload (used, without a name) or the pool, for what `subject` calls a row."""
    if row["feature"] or subject(row) in ("Experiments", "Training"):
        return "owned"
    return row["kind"]


def causes(rows: Sequence[dict]) -> list[Cause]:
    """All causes of a change, the largest first; their amounts add up to it exactly."""
    found: dict[tuple, Cause] = {}
    for row in rows:
        name, line = subject(row), line_of(row)
        for key, amount in effects_of(row).items():
            way = WAYS.get(key) or ("calls" if row["activity"] == "inference" else "hours")
            named = way in ("hours", "rest", "idle") and row["kind"] not in LINE_NAMES
            named = named or (way == "idle" and line == "owned")
            what = row["activity"] if named else ""
            at = (name, line, way, what)
            if (cause := found.get(at)) is None:
                cause = found[at] = Cause(*at)
            cause.parts[key] = cause.parts.get(key, ZERO) + amount
            if not cause.rows or cause.rows[-1] is not row:
                cause.rows.append(row)
    new = {cause.name for cause in found.values() if cause.way == "new"}
    for cause in found.values():
        cause.beside_new = cause.name in new
    return sorted(found.values(), key=lambda x: (-abs(x.amount), x.name, x.way))


def _units(rows: Iterable[dict], name: str) -> tuple[Decimal, Decimal]:
    rows = list(rows)
    before = sum((Decimal(row[f"previous_{name}"] or 0) for row in rows), ZERO)
    return before, sum((Decimal(row[name] or 0) for row in rows), ZERO)


def grown(before: Decimal, now: Decimal, more: str, fewer: str) -> str:
    """ "31% more", "3.4 times as many" from double on; nothing where it is the same."""
    if not before or not now:
        return more if now > before else fewer
    percent = (now - before) / before * 100
    if percent >= TIMES_FROM:
        return f"{numbers.rounded(now / before, 1)} times the"
    if abs(percent) < MIN_PERCENT:
        return "about the same"
    return f"{numbers.percent_of(abs(percent), 0)} {more if percent > 0 else fewer}"


def _calls(cause: Cause, amount: Decimal) -> str:
    before, now = _units(cause.rows, "requests")
    text = f"{grown(before, now, 'more', 'fewer')} inferences"
    return f"{text} of what was there before" if cause.beside_new else text


def _hours(cause: Cause, amount: Decimal) -> str:
    before, now = _units(cause.rows, "gpu_hours")
    of = {"training": "training", "experimentation": "experiments"}.get(cause.what, "training")
    return f"{grown(before, now, 'more', 'fewer')} GPU hours of {of}"


def _size(cause: Cause, amount: Decimal) -> str:
    asked = [_units(cause.rows, name) for name in ("tokens", "requests")]
    (old, new), (few, many) = asked
    if not (old and new and few and many):
        return "longer inferences" if amount > 0 else "shorter inferences"
    percent = (new / many) / (old / few) * 100 - 100
    way = "longer" if percent > 0 else "shorter"
    return f"{numbers.percent_of(abs(percent), 0)} {way} inferences, in tokens"


def _mix(cause: Cause, amount: Decimal) -> str:
    return f"inferences moved to {'dearer' if amount > 0 else 'cheaper'} models"


def _price(cause: Cause, amount: Decimal) -> str:
    unit = "inferences" if cause.way == "calls" else "GPU hours"
    if any(row["tokens"] for row in cause.rows):
        unit = "tokens"
    return f"{'dearer' if amount > 0 else 'cheaper'} {unit}"


def _listed(rows: Iterable[dict]) -> str:
    names = sorted({row["experiment"] or _model(row) for row in rows} - {""})
    more = f" and {len(names) - NAMES_MAX} more" if len(names) > NAMES_MAX else ""
    return ", ".join(names[:NAMES_MAX]) + more


def _model(row: dict) -> str:
    return row["model"] if "model" in row else row["begun_or_ended"]


def _new(cause: Cause, amount: Decimal) -> str:
    named = _listed(cause.rows)
    return f"new: {named}" if named else "new"


def _gone(cause: Cause, amount: Decimal) -> str:
    named = _listed(cause.rows)
    return f"ended: {named}" if named else "ended"


def _idle(cause: Cause, amount: Decimal) -> str:
    if cause.line != "owned":
        return "capacity nobody used and nobody owns"
    of = {"experimentation": "experiments", "": "own capacity"}.get(cause.what, cause.what)
    return f"idle of {of}" if amount > 0 else f"less idle of {of}"


def _rest(cause: Cause, amount: Decimal) -> str:
    if cause.line == "shared":
        return "tax, support and fees"
    if cause.line == "unattributed":
        return "used, by nobody known"
    return cause.what or "without a measured quantity"


def _days(cause: Cause, amount: Decimal) -> str:
    return "a longer period" if amount > 0 else "a shorter period"


def _credits(cause: Cause, amount: Decimal) -> str:
    return "fewer credits" if amount > 0 else "more credits"


def _late(cause: Cause, amount: Decimal) -> str:
    return "more had not come in before" if amount > 0 else "not in the bill yet"


def _rules(cause: Cause, amount: Decimal) -> str:
    return f"changed rules moved money {'here' if amount > 0 else 'away'}"


SAYS: dict[str, Callable[[Cause, Decimal], str]] = {
    "days": _days,
    "calls": _calls,
    "hours": _hours,
    "size": _size,
    "mix": _mix,
    "price": _price,
    "new": _new,
    "gone": _gone,
    "idle": _idle,
    "rest": _rest,
    "credits": _credits,
    "late": _late,
    "rules": _rules,
}


@dataclass
class Mover:
    """A name that moved, with its causes, the largest first."""

    name: str
    line: str
    previous: Decimal = ZERO
    cost: Decimal = ZERO
    causes: list[Cause] = field(default_factory=list)

    @property
    def delta(self) -> Decimal:
        return self.cost - self.previous

    def text(self, currency: str) -> str:
        """ "53% more GPU hours of training +$9,431; 12% more tokens +$1,478": at most two causes,
        those that account for something."""
        floor = abs(self.delta) * PART_MIN
        said = [x for x in self.causes if abs(x.amount) >= floor][:2]
        if len(self.causes) == 1 or (said and said[0].amount == self.delta):
            return self.causes[0].text(currency)
        return "; ".join(x.told(currency) for x in said)


def movers(rows: Sequence[dict]) -> list[Mover]:
    """Names by how much they moved; together they are the whole change."""
    found: dict[tuple[str, str], Mover] = {}
    for row in rows:
        key = (subject(row), line_of(row))
        mover = found.setdefault(key, Mover(*key))
        mover.previous += row["previous"]
        mover.cost += row["cost"]
    for cause in causes(rows):
        found[cause.name, cause.line].causes.append(cause)
    moved = [mover for mover in found.values() if mover.delta]
    return sorted(moved, key=lambda x: (-abs(x.delta), x.name))


@dataclass(frozen=True)
class Told:
    """A change in sentences: the causes worth a line and one line for all others."""

    change: Decimal
    causes: tuple[Cause, ...]
    rest: Decimal
    others: int


def told(rows: Sequence[dict], causes_max: int) -> Told:
    """The largest causes and the sum of the others, so that they add up to the change."""
    found = causes(rows)
    shown = found[:causes_max]
    change = sum((x.amount for x in found), ZERO)
    rest = change - sum((x.amount for x in shown), ZERO)
    return Told(change, tuple(shown), rest, len(found) - len(shown))
