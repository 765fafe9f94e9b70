"""What happened, beside the charts: a list with notes by hand, and names for the days of a chart.

A page places the panel NOTES below its chart; a chart names days with `named_days`.
"""

from datetime import date, timedelta

from aicost.accounts.models import ADMIN, FINOPS, User
from aicost.accounts.scope import UPLOAD_ROLES, role_of
from aicost.web import numbers
from aicost.web.ask import Ask
from aicost.web.events import Happening, happenings
from aicost.web.filters import label
from aicost.web.parts import start_of
from aicost.web.shell import Panel
from attribution.models import Note
from attribution.reports import REPORTS
from attribution.reports.sheets import Sheet, sheet_of_answer
from attribution.reports.spec import Answer, Asker

ROWS_MAX = 40
TEXT_CHARS_MAX = 500
CONCERNS = ("feature", "model", "experiment", "workload", "environment")
WORDS = {
    "deploy": "Deploy",
    "release": "Release",
    "note": "Note",
    "price": "Price",
    "restatement": "Restatement",
    "rule": "Rule",
    "close": "Close",
    "reopen": "Reopened",
}


def may_note(user: User) -> bool:
    """Whoever works with the figures may say what they know of them."""
    return role_of(user) in UPLOAD_ROLES


def may_change(user: User, note: Note) -> bool:
    """Its author; and finops and admin, if they see it."""
    return note.author_id == user.pk or role_of(user) in (FINOPS, ADMIN)


def seen_by(asker: Asker):
    """Notes of the asker's teams; all, for who sees all teams."""
    found = Note.objects.select_related("author")
    return found if asker.teams is None else found.filter(team__in=asker.teams)


def happened(ask: Ask) -> Answer:
    """The report of what happened, by those filters of the view that it knows."""
    known = REPORTS["annotations"].filters
    kept = {name: value for name, value in ask.view.filters.items() if name in known}
    plain = {"filters": kept, "group_by": (), "idle": "shown", "shared": "shown"}
    return ask.report("annotations", in_currency="", **plain)


def by_day(ask: Ask) -> list[Happening]:
    """One named event a day, commits left out."""
    return happenings(happened(ask).rows)


def named_days(ask: Ask, step: str) -> dict[date, str]:
    """Names for the steps of a chart of days or weeks: first day of the step -> text. Months hold
    too much to name."""
    if step not in ("day", "week"):
        return {}
    found: dict[date, list[Happening]] = {}
    for one in by_day(ask):
        found.setdefault(start_of(one.day, step), []).append(one)
    return {
        start: these[0].text if len(these) == 1 else f"{these[0].text} +{len(these) - 1}"
        for start, these in found.items()
    }


def notes(ask: Ask) -> dict:
    """The list, the newest first, and the form for whoever may write."""
    rows = [row for row in happened(ask).rows if row["kind"] != "commit"][::-1]
    return {
        "rows": [_row(ask, row) for row in rows[:ROWS_MAX]],
        "more": max(0, len(rows) - ROWS_MAX),
        "may_note": may_note(ask.user) and (ask.asker.teams is None or bool(ask.asker.teams)),
        "last": ask.period.end - timedelta(days=1),
        "about": abouts(ask),
        "teams": ask.asker.teams,
        "chars": TEXT_CHARS_MAX,
        "period": numbers.period(ask.period),
    }


def abouts(ask: Ask) -> list[tuple[str, str]]:
    """What a note on this page can be about, by the view's filters: (value of the form, words)."""
    return [
        (f"{name}:{values[0]}", f"{label(name).lower()} {values[0]}")
        for name in (*CONCERNS, "team")
        for values in [ask.view.filters.get(name, ())]
        if len(values) == 1 and values[0]
    ]


def _row(ask: Ask, row: dict) -> dict:
    mine = row["kind"] == "note" and row["note_id"] is not None
    named = [row[name] for name in (*CONCERNS, "team") if row[name]]
    amount = row["billed_delta"]
    return {
        "day": row["at"].date(),
        "kind": WORDS.get(row["kind"], row["kind"].capitalize()),
        "title": row["title"],
        "amount": "" if amount is None else numbers.change(amount, row["currency"]),
        "author": row["author"],
        "about": ", ".join(named),
        "url": row["url"],
        "id": row["note_id"]
        if mine and (row["author"] == ask.user.username or role_of(ask.user) in (FINOPS, ADMIN))
        else None,
    }


def notes_data(ask: Ask) -> Sheet:
    return sheet_of_answer("What happened", happened(ask))


NOTES = Panel("notes", "parts/notes.html", notes, table=notes_data, title="What happened")
