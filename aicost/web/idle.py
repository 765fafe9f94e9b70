"""Idle, told alike on every page.

All idle is capacity that was paid for and not used, in four states: held (reserved and loaded, no
work), empty (reserved, nothing loaded), unreserved (nobody asked for it), unused commitment. It is
the same sum on every page. A table shows it in two places: as own idle, inside the rows whose name
it carries, and on the line Idle, where it carries no name of the table. By another name it falls
differently over the two, so each table says how they add up."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from aicost.web.ask import Ask
from aicost.web.tables import Block
from attribution.reports.spec import SHOWN

ZERO = Decimal(0)
IDLE = "idle"
STATES = "held, empty, unreserved, unused commitment"


@dataclass(frozen=True)
class Told:
    """`own` stands inside the rows, `pool` on the line called `line` ("" when there is none)."""

    own: Decimal
    pool: Decimal
    line: str
    href: str

    @property
    def whole(self) -> Decimal:
        return self.own + self.pool


def by_state(ask: Ask) -> str:
    """The address that shows all idle of this view by its four states."""
    filters = {**ask.view.filters, "kind": (IDLE,)}
    return f"{reverse('explore')}?{ask.view.query(group_by=('state',), filters=filters)}"


def idle_of(ask: Ask, block: Block) -> Told | None:
    """None where the line has been spread over the rows, or where nothing idled."""
    lines = [x for x in block.lines if x.line == IDLE]
    told = Told(block.total.idle_cost, block.of(IDLE), lines[0].names[0] if lines else "",
                by_state(ask))  # fmt: skip
    return told if ask.view.idle == SHOWN and told.whole else None


def add_idle(ask: Ask, found: Iterable[Block]) -> None:
    """Let each table say where its idle stands."""
    for block in found:
        block.idle = idle_of(ask, block)
