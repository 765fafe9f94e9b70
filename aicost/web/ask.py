"""One request's questions: the view, who asks, and the answers already given."""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from django.http import HttpRequest

from aicost.accounts.company import company
from aicost.accounts.models import User
from aicost.accounts.scope import asker_of
from aicost.kernel.periods import Period, utc_today
from aicost.web.filters import View, parse
from aicost.web.spans import CUSTOM, DEFAULT_PRESET, PRESETS, Calendar
from attribution.once import answers_here
from attribution.reports import named, run
from attribution.reports.spec import LEFT_OUT, Answer, Asker
from attribution.reports.trust import Trust

T = TypeVar("T")


@dataclass
class Ask:
    """Every panel of a page asks through the page's one `Ask`, so a question is put once; asks of
    other views made of it share its answers."""

    user: User
    asker: Asker
    view: View
    _answers: dict = field(default_factory=dict)
    _made: dict = field(default_factory=dict)
    _kept: MutableMapping = field(default_factory=answers_here)
    # Titles of what was asked in another currency and stands as billed.
    as_billed: set = field(default_factory=set)
    # What the page groups its cost by (Page.asks), None as the view says.
    asks: tuple[str, ...] | None = None

    def report(self, name: str, **changes) -> Answer:
        """The answer of report `name` to this view; `changes` are fields of Spec. Estimates are
        shown where a panel asks for them: the others add up to the bill row by row."""
        asked_of = named(name)
        if self.view.in_currency and asked_of.measure and not asked_of.converts:
            self.as_billed.add(asked_of.title.lower())
        changes = {"estimates": LEFT_OUT} | changes
        spec = self.view.spec(name, self.asker, **changes)
        key = (
            name,
            spec.period,
            spec.granularity,
            spec.group_by,
            spec.basis,
            spec.idle,
            spec.shared,
            spec.estimates,
            spec.against,
            spec.by_rules,
            spec.long,
            spec.in_currency,
            tuple(sorted(spec.filters.items())),
        )
        if key not in self._answers:
            self._answers[key] = run(spec, self._kept)
        return self._answers[key]

    def cost(self) -> Answer:
        """Report cost as the page asks it anyhow, for what no group changes: whether there is any,
        how much in all, in which currency."""
        return self.report("cost", **({} if self.asks is None else {"group_by": self.asks}))

    @property
    def trust(self) -> Trust:
        """What every answer to this view says of itself: final or not, how fresh. It asks no cost,
        and nothing at all where an answer has told it."""
        wanted = Trust(self.period, self.view.basis, self.asker)
        known = (answer.trust for answer in self._answers.values() if answer.trust == wanted)
        return next(known, None) or self._kept.setdefault(("trust", wanted), wanted)

    def rows_before(self, name: str, **changes) -> list[dict] | None:
        """The rows of the period compared with, or None when nothing is compared."""
        if self.view.other is None:
            return None
        return self.report(name, period=self.view.other, **changes).rows

    def once(self, make: Callable[["Ask"], T]) -> T:
        """What `make` says of this view, made once for all panels that ask."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]

    def frozen_query(self, **changes) -> str:
        """The query string of this view with its dates written out and changes; the same for all
        lines of a table, so it is written once."""
        key = tuple(
            (name, tuple(value.items()) if isinstance(value, Mapping) else value)
            for name, value in changes.items()
        )
        if ("frozen", key) not in self._made:
            self._made["frozen", key] = self.view.frozen_dates().query(**changes)
        return self._made["frozen", key]

    def with_view(self, **changes) -> "Ask":
        """The same person with another question; days of its own are no preset's."""
        if "period" in changes:
            changes = {"preset": CUSTOM} | changes
        return replace(self, view=replace(self.view, **changes), _made={})

    def billed(self, what: str) -> "Ask":
        """The same question in the currency of the bill, where `what` knows no other."""
        if not self.view.in_currency:
            return self
        self.as_billed.add(what)
        return self.with_view(in_currency="")

    @property
    def period(self) -> Period:
        return self.view.period


def ask_of(request: HttpRequest) -> Ask:
    """Raises `BadSpec` for a query string that cannot be read."""
    user = request.user
    return Ask(user, asker_of(user), parse(request.GET, calendar_of(user)))


def calendar_of(user: User) -> Calendar:
    """What this person's addresses are read by: today, the company's fiscal year, and the period
    the person begins with."""
    preset = user.first_period if user.first_period in PRESETS else DEFAULT_PRESET
    return Calendar(utc_today(), company().fiscal_month, preset)


def final_through(trust: Trust) -> date | None:
    """The last day that is final in every bill source, or None when none is."""
    days = [f.final_through for f in trust.freshness if f.kind == "bill"]
    return None if not days or None in days else min(days)
