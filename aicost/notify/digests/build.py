"""One digest for one reader: its message, from subject to footer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from aicost.accounts.company import zone_of
from aicost.accounts.models import User
from aicost.kernel.periods import Period
from aicost.notify.digests import ahead, figures, noticed, recommended
from aicost.notify.digests.freshness import Readiness, readiness, words
from aicost.notify.digests.subject import about, ask_of
from aicost.notify.message import DIGEST, Item, Message
from aicost.notify.models import MONTHLY, TEAM, VIEW, Recipient, Schedule
from aicost.notify.render import Bars, rendered
from aicost.notify.unsubscribe import address_of, mail_headers
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.picks import chips
from aicost.web.zone import ZONE

BASIS = {"effective": "effective cost", "billed": "billed cost"}


@dataclass(frozen=True)
class Reader:
    """Whose eyes it is seen with, and whether they can follow links that ask for a login."""

    user: User
    has_login: bool = True
    to: Recipient | None = None


@dataclass(frozen=True)
class Digest:
    message: Message
    ready: Readiness


def reader_of(recipient: Recipient, schedule: Schedule) -> Reader:
    """A person sees with their own eyes; an address or a channel with those of the owner."""
    if recipient.user is not None:
        return Reader(recipient.user, True, recipient)
    return Reader(schedule.owner, recipient.channel is not None, recipient)


def ready_for(schedule: Schedule, period: Period, user: User) -> Readiness:
    """Whether all of the period's data is there. Raises `NoSubject`."""
    ask = ask_of(schedule, period, user)
    return readiness(ask.report("cost"), period, ask.view.other)


def build(schedule: Schedule, period: Period, reader: Reader) -> Digest:
    """Raises `NoSubject` for a team or view that is gone."""
    ask = ask_of(schedule, period, reader.user)
    with _in_zone(reader.user):
        answer = ask.report("cost")
        ready = readiness(answer, period, ask.view.other)
        message, bars = _message(schedule, ask, ready)
        message = replace(
            message,
            notes=(*words(answer, ask, ready), filters_in_words(schedule, ask)),
            why=_why(schedule, reader),
            headers=mail_headers(reader.to),
        )
        if not reader.has_login:
            message = without_links(message)
        end = address_of(reader.to) if reader.to else ""
        return Digest(rendered(message, bars, unsubscribe=end), ready)


@contextmanager
def _in_zone(user: User) -> Iterator[None]:
    token = ZONE.set(zone_of(user))
    try:
        yield
    finally:
        ZONE.reset(token)


def _message(schedule: Schedule, ask: Ask, ready: Readiness) -> tuple[Message, Bars | None]:
    """The message without its notes, and the cost of each day."""
    blocks = figures.blocks_of(ask)
    span = numbers.period(ask.period)
    of = "" if schedule.about not in (TEAM, VIEW) else f"{_short_about(schedule)}: "
    if not blocks:
        subject = f"{of}no AI spend billed for {span}"
        lead = f"Nothing is billed for {span} in what you may see."
        return Message(DIGEST, subject, lead, url=figures.page(ask)), None
    block = blocks[0]
    moved, first = figures.movers(ask)
    cost = figures.headline(block.total.cost, block.currency)
    grown = ""
    if block.total.previous:
        grown = f", {numbers.change_percent(block.total.cost, block.total.previous)}"
    subject = f"{of}AI spend {cost}{grown}{f' — {first}' if first else ''}"
    facts = [
        *figures.spend(ask, blocks),
        *ahead.budget(ask, block),
        *ahead.forecast(ask, block, schedule.cadence),
        *figures.unit_cost(ask),
        *figures.margin(ask),
        *figures.shares(ask, block),
    ]
    found = (
        moved,
        noticed.anomalies(ask),
        recommended.open_ones(ask),
        ahead.budgets(ask),
        figures.features(ask, block),
    )
    sections = [one for one in found if one is not None]
    message = Message(
        DIGEST,
        f"Partial: {subject}" if ready.late else subject,
        _lead(schedule, ask, block),
        tuple(facts),
        tuple(sections),
        url=figures.page(ask),
    )
    return message, Bars("Cost of each day", figures.days(ask, block.currency), block.currency)


def _short_about(schedule: Schedule) -> str:
    return str(schedule.team if schedule.about == TEAM else schedule.view)


def _lead(schedule: Schedule, ask: Ask, block) -> str:
    """The answer in a sentence."""
    unit = f"{ask.period.start:%B}" if schedule.cadence == MONTHLY else "the week"
    span = numbers.period(ask.period, year=True)
    told = f"AI cost {numbers.money(block.total.cost, block.currency)} in {unit} ({span})"
    if block.total.previous:
        delta = block.total.delta
        way = "more" if delta > 0 else "less"
        amount = numbers.money(abs(delta), block.currency)
        told += f", {amount} {way} than over {numbers.period(ask.view.other)}"
    return f"{told}."


def filters_in_words(schedule: Schedule, ask: Ask) -> str:
    """What the figures are of, so that nobody takes a part for the whole."""
    view = ask.view
    told = [f"Of {about(schedule)}", BASIS[view.basis], *(chip.text for chip in chips(view))]
    if "spread" in (view.idle, view.shared):
        told.append("idle or shared cost spread over its receivers")
    if view.in_currency:
        told.append(f"in {view.in_currency}")
    if ask.asker.teams is not None:
        told.append(f"only teams {', '.join(ask.asker.teams) or 'none'}")
    return f"{'; '.join(told)}. Days are UTC."


def _why(schedule: Schedule, reader: Reader) -> str:
    owner = schedule.owner.get_full_name() or schedule.owner.get_username()
    who = "you" if reader.to is not None and reader.to.user_id == schedule.owner_id else owner
    said = f"You get this because {who} set up the {schedule.cadence} digest “{schedule.name}”"
    if not reader.has_login:
        said += f", with the figures that {owner} may see"
    return f"{said}."


def without_links(message: Message) -> Message:
    """For who has no login: every figure is in the message, and none is behind a login."""
    return replace(
        message,
        url="",
        facts=tuple(replace(one, url="") for one in message.facts),
        sections=tuple(
            replace(one, items=tuple(Item(x.text, x.amount) for x in one.items))
            for one in message.sections
        ),
    )
