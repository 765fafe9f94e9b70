"""What drove a change of cost: price × volume × mix, exact and additive. Pure: no Django.

Symmetric (midpoint) decomposition, which is the two-factor Shapley value: it depends on no order of
the factors and leaves no residual (Sun, "Changes in energy consumption and energy intensity: a
complete decomposition model", Energy Economics 20, 1998; the same as the Bennet indicator of 1920).
A leaf costs c = Q · s · p: quantity of its group, its share of it, its price. A bar is the mean of
both periods, P the mean price of the group:

    volume = (Q1 - Q0) · s̄ · p̄  +  (s1 - s0) · Q̄ · P
    mix    = (s1 - s0) · Q̄ · (p̄ - P)
    price  = (p1 - p0) · q̄

The P terms cancel in the leaf and sum to zero in the group. Where both periods know a size of a
unit (tokens a call), p = size · rate and the price effect is split once more, the same way:

    size   = (t1 - t0) · r̄ · q̄,     price = (r1 - r0) · t̄ · q̄

Periods of unequal length differ by their days first: with D days, Q = D · r (units a day), so

    days   = (D1 - D0) · r̄ · s̄ · p̄

is taken out of the volume; of idle capacity, which is paid by the hour, (D1 - D0) · the mean cost
of a day. What has no quantity (a month's fee, storage by the month) is not cut by days.

Effects are computed once a leaf and summed along any hierarchy; computed again for a parent, mix
would change. Ratios are not finite decimals, so volume, mix and size are rounded half-even to the
quantum of the ledger and price is what remains: their sum is the change to the last digit.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from aicost.kernel.money import PRECISION_DIGITS, QUANTUM

EFFECTS = (
    "days", "volume", "mix", "size", "price", "new", "gone", "idle", "unmetered", "credits",
    "late", "rules",
)  # fmt: skip
IDLE = "idle"
SAME_DAYS = (1, 1)
ZERO = Decimal(0)


@dataclass(frozen=True)
class Side:
    """One period of a leaf: its cost, its quantity, and what these units are made of (tokens)."""

    cost: Decimal = ZERO
    quantity: Decimal | int | None = None
    content: Decimal | int | None = None

    @property
    def is_measured(self) -> bool:
        return self.quantity is not None or self.content is not None


@dataclass(frozen=True)
class Leaf:
    """`group` is shared by leaves whose quantities are of one unit and may take each other's place.
    `whole` names the one effect all of the change is: idle capacity, pools, credits, what is late
    and what rules moved have no quantity."""

    group: Hashable
    before: Side
    after: Side
    whole: str = ""

    @property
    def status(self) -> str:
        """The single effect the change belongs to, or "" for one to be decomposed."""
        if self.whole:
            return self.whole
        if not self.before.cost:
            return "new"
        if not self.after.cost:
            return "gone"
        if not self.before.quantity or not self.after.quantity:
            return "unmetered"
        return ""


@dataclass(frozen=True)
class _Group:
    """Sums of the leaves of a group that are alive and metered in both periods."""

    quantities: tuple[Decimal, Decimal]
    price: Decimal


def effects(leaves: Sequence[Leaf], days: tuple[int, int] = SAME_DAYS) -> list[dict[str, Decimal]]:
    """For each leaf {effect: money}; the values of a leaf sum to its change of cost exactly. `days`
    are those of the period before and of the period, for what longer periods cost by themselves."""
    with localcontext() as context:
        context.prec = PRECISION_DIGITS
        groups = _groups(leaves)
        return [_effects(leaf, groups, days) for leaf in leaves]


def _groups(leaves: Sequence[Leaf]) -> dict[Hashable, _Group]:
    members: dict[Hashable, list[Leaf]] = defaultdict(list)
    for leaf in leaves:
        if not leaf.status:
            members[leaf.group].append(leaf)
    found = {}
    for name, alive in members.items():
        before = sum((Decimal(x.before.quantity) for x in alive), ZERO)
        after = sum((Decimal(x.after.quantity) for x in alive), ZERO)
        old = sum((x.before.cost for x in alive), ZERO) / before
        new = sum((x.after.cost for x in alive), ZERO) / after
        found[name] = _Group((before, after), (old + new) / 2)
    return found


def _effects(
    leaf: Leaf, groups: dict[Hashable, _Group], days: tuple[int, int]
) -> dict[str, Decimal]:
    found = dict.fromkeys(EFFECTS, ZERO)
    change = leaf.after.cost - leaf.before.cost
    if leaf.status:
        found["days"] = _idle_days(leaf, days)
        found[leaf.status] = change - found["days"]
        return found
    group = groups[leaf.group]
    whole0, whole1 = group.quantities
    q0, q1 = Decimal(leaf.before.quantity), Decimal(leaf.after.quantity)
    price = (leaf.before.cost / q0 + leaf.after.cost / q1) / 2
    share = (q0 / whole0 + q1 / whole1) / 2
    moved = (q1 / whole1 - q0 / whole0) * (whole0 + whole1) / 2
    volume = (whole1 - whole0) * share * price + moved * group.price
    daily = (whole0 / days[0] + whole1 / days[1]) / 2
    found["days"] = ((days[1] - days[0]) * daily * share * price).quantize(QUANTUM)
    found["volume"] = volume.quantize(QUANTUM) - found["days"]
    found["mix"] = (moved * (price - group.price)).quantize(QUANTUM)
    found["size"] = _size(leaf, q0, q1).quantize(QUANTUM)
    found["price"] = change - sum(found.values(), ZERO)
    return found


def _idle_days(leaf: Leaf, days: tuple[int, int]) -> Decimal:
    """What idle capacity costs more in a longer period; 0 for what was not idle in both."""
    if leaf.status != IDLE or not (leaf.before.cost and leaf.after.cost):
        return ZERO
    paid = leaf.before.cost * days[1] + leaf.after.cost * days[0]
    # Divided once, as bridge_steps.sql does it.
    return ((days[1] - days[0]) * paid / (2 * days[0] * days[1])).quantize(QUANTUM)


def _size(leaf: Leaf, q0: Decimal, q1: Decimal) -> Decimal:
    """What units that hold more, or less, cost; 0 where a period does not know what they hold."""
    if not leaf.before.content or not leaf.after.content:
        return ZERO
    old, new = Decimal(leaf.before.content), Decimal(leaf.after.content)
    rate = (leaf.before.cost / old + leaf.after.cost / new) / 2
    return (new / q1 - old / q0) * rate * (q0 + q1) / 2
