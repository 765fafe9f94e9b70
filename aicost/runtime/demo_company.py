"""Load the demo company the way anybody's files are loaded, once for each AICOST_HOME."""

from collections.abc import Callable
from datetime import date, timedelta
import json
import os
from pathlib import Path
import secrets

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from aicost.accounts.models import User
from aicost.accounts.people import DEMO_PEOPLE, ensure_demo_users
from aicost.kernel.periods import month_start, utc_today
from aicost.runtime.demo import Step, books, budgets, generate, steps
from attribution.alerting.look import look
from attribution.allocate import DayResult, attribute
from attribution.budgeting.balances import save_balance
from attribution.budgeting.files import import_budgets
from attribution.budgeting.remember import remember, remember_lately
from attribution.entities.changes import By
from attribution.entities.files import import_targets
from attribution.estimates import estimate
from attribution.finance import tables
from attribution.tablefile import BadTable
from ingest.load import load

ESTIMATED_DAYS = 7


class DemoFailed(RuntimeError):
    """The demo company could not be loaded; the text names the file."""


def load_demo(home: Path, say: Callable[[str], None]) -> None:
    """Generate, load and attribute; a home that has it already is left as it is, a load that was
    interrupted goes on with the same files. Raises `DemoFailed`."""
    folder = home / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    ensure_demo_users(logins(home))
    if (folder / "loaded").exists():
        return
    say("Making the demo company: files in the providers' formats, then the ordinary way in.")
    with _progress() as progress:
        _generate(folder, progress)
        for step in steps(folder):
            _load(step, progress)
        _take_names(folder / "names" / "targets.csv", progress)
        _attribute(progress)
        _estimate(progress)
        _budgets(folder / "names" / "budgets.csv", progress)
        _look(progress)
    write_books(User.objects.get(username=DEMO_PEOPLE[0][0]))
    (folder / "loaded").write_text(utc_today().isoformat(), encoding="ascii")


def write_books(by: User) -> None:
    """The finance tables of the company, where nobody saved any yet."""
    classes = books.cost_classes(tables.built_in("cost_classes"))
    for name, rows in (("cost_classes", classes), ("accounts", books.accounts())):
        if not tables.newest(name).version:
            tables.save(name, rows, by, books.WHY)


def logins(home: Path) -> dict[str, str]:
    """Username -> password of the demo's people: random, kept in a file only we can read."""
    kept = home / "demo_logins.json"
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    made = {person[0]: known.get(person[0]) or secrets.token_urlsafe(9) for person in DEMO_PEOPLE}
    if made != known:
        part = kept.with_suffix(".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            json.dump(made, out)
        part.rename(kept)
    return made


def _generate(folder: Path, progress: Progress) -> None:
    """The company ends yesterday; one begun on an earlier day keeps that day's files."""
    day_file, done = folder / "today", folder / "generated"
    if done.exists():
        return
    if not day_file.exists():
        day_file.write_text(utc_today().isoformat(), encoding="ascii")
    today = date.fromisoformat(day_file.read_text(encoding="ascii"))
    task = progress.add_task("Writing six months of files", total=None)
    generate(
        folder,
        today,
        lambda what, number, total: progress.update(task, total=total, completed=number),
    )
    _complete(progress, task)
    done.touch()


def _load(step: Step, progress: Progress) -> None:
    task = progress.add_task(f"Loading: {step.title}", total=None)
    for result in load(step.paths, step.source):
        if result.state == "held":
            raise DemoFailed(f"{step.title} was held: {result.message}")
    _complete(progress, task)


def _take_names(path: Path, progress: Progress) -> None:
    task = progress.add_task("Names and owners", total=None)
    try:
        import_targets(
            path.read_text(encoding="utf-8"), By(reason="the demo company's targets.csv")
        )
    except BadTable as error:
        raise DemoFailed(f"{path.name} was refused: {error}") from error
    _complete(progress, task)


def _attribute(progress: Progress) -> None:
    task = progress.add_task("Attributing", total=None)
    days = 0

    def count(day: DayResult) -> None:
        nonlocal days
        days += 1
        progress.update(task, description=f"Attributing: {days} days")
        if day.failure:
            raise DemoFailed(f"{day.source} on {day.day}: {day.failure}")

    attribute(progress=count)
    _complete(progress, task)


def _estimate(progress: Progress) -> None:
    """The last days as they were expected before their bill, so that pages show how well."""
    task = progress.add_task(f"Estimating the last {ESTIMATED_DAYS} days", total=None)
    today = utc_today()
    estimate(today - timedelta(days=ESTIMATED_DAYS), today)
    _complete(progress, task)


def _budgets(path: Path, progress: Progress) -> None:
    task = progress.add_task("Budgets and forecasts", total=None)
    try:
        text = path.read_text(encoding="utf-8")
        import_budgets(text, By(reason="the demo company's budgets.csv"))
    except BadTable as error:
        raise DemoFailed(f"{path.name} was refused: {error}") from error
    for balance in budgets.balances(utc_today()):
        save_balance(balance, By(reason="as the providers show it"))
    yesterday = utc_today() - timedelta(days=1)
    for day in (month_start(yesterday) - timedelta(days=1), yesterday - timedelta(days=1)):
        remember(day)
    remember_lately()
    _complete(progress, task)


def _look(progress: Progress) -> None:
    """The first look of the alerts, which the beat would take within the hour."""
    task = progress.add_task("Looking for what stands out", total=None)
    look()
    _complete(progress, task)


def _progress() -> Progress:
    return Progress(
        TextColumn("  {task.description:<34}"), BarColumn(), TimeElapsedColumn(), console=Console()
    )


def _complete(progress: Progress, task: TaskID) -> None:
    progress.update(task, total=1, completed=1)
