"""The demo company for tests of pages: its last days, loaded by the ordinary way in."""

from datetime import date, timedelta
from pathlib import Path

from aicost.accounts.models import User
from aicost.accounts.people import add_user
from aicost.runtime.demo import generate, steps
from aicost.runtime.demo_company import write_books
from attribution.allocate import attribute
from attribution.budgeting.files import import_budgets
from attribution.budgeting.remember import remember
from attribution.entities.changes import By
from attribution.entities.files import import_targets
from ingest.load import load
from tests.web.world import PASSWORD

TODAY, DAYS = date(2026, 11, 5), 8
# The days of the files, and the eight before them, which are empty.
VIEW = "from=2026-10-28&to=2026-11-04"


def load_days(folder: Path, today: date = TODAY, days: int | None = DAYS) -> dict[str, User]:
    """Everybody who may log in, by name; `days` None loads all six months."""
    generate(folder, today, days=days)
    for step in steps(folder):
        for result in load(step.paths, step.source):
            assert result.state == "published", result
    names = (folder / "names" / "targets.csv").read_text(encoding="utf-8")
    import_targets(names, By(reason="a test"))
    attribute()
    budgets = (folder / "names" / "budgets.csv").read_text(encoding="utf-8")
    import_budgets(budgets, By(reason="a test"))
    remember(today - timedelta(days=1))
    people = {role: add_user(role, PASSWORD, role=role) for role in ("finance", "finops")}
    people["scoped"] = add_user("scoped", PASSWORD, role="engineer", teams=["relevance"])
    write_books(people["finance"])
    return people
