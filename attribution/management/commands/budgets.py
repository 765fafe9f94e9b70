"""`manage.py budgets`: work the budgets of a day out and list them; take or write a budgets.csv and
a balances.csv."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
import sys

from django.core.management.base import BaseCommand, CommandError

from aicost.kernel.periods import Period, utc_today
from attribution.budgeting.files import (
    export_balances,
    export_budgets,
    import_balances,
    import_budgets,
)
from attribution.budgeting.remember import remember
from attribution.budgeting.taking import Taken
from attribution.entities.changes import By
from attribution.reports import run
from attribution.reports.formats import FORMATS
from attribution.reports.spec import Asker, Spec
from attribution.tablefile import BadTable

DAYS_MAX = 400


class Command(BaseCommand):
    requires_system_checks = ()
    help = "What may be spent, is, and where it ends. docs/budgets.md describes the file."

    def add_arguments(self, parser):
        add = parser.add_argument
        add("--day", type=date.fromisoformat, metavar="D", help="yesterday unless given")
        add("--days", type=int, default=1, metavar="N", help="that day and the N-1 before it")
        add("--import", dest="file", type=Path, metavar="FILE.csv", help="all of it or nothing")
        add("--export", action="store_true", help="write budgets.csv to standard output")
        add("--import-balances", dest="balances", type=Path, metavar="FILE.csv",
            help="credits and commitments, all of it or nothing")  # fmt: skip
        add("--export-balances", action="store_true", help="write balances.csv to standard output")
        add("--why", default="", help="kept in the history of what is imported")
        add("--format", choices=list(FORMATS.keys() - {"parquet"}), default="table")

    def handle(self, *args, **options):
        if options["export"]:
            sys.stdout.write(export_budgets())
            return
        if options["export_balances"]:
            sys.stdout.write(export_balances())
            return
        if options["balances"]:
            self._take(import_balances, options["balances"], options["why"])
        if options["file"]:
            self._take(import_budgets, options["file"], options["why"])
        last = options["day"] or utc_today() - timedelta(days=1)
        if not 1 <= options["days"] <= DAYS_MAX:
            raise CommandError(f"--days takes 1 to {DAYS_MAX}")
        for back in reversed(range(options["days"])):
            remember(last - timedelta(days=back))
        asked = Spec("budgets", Period(last, last + timedelta(days=1)), Asker("admin"))
        self.stdout.write(FORMATS[options["format"]](run(asked)))

    def _take(self, take: Callable[[str, By], Taken], file: Path, why: str) -> None:
        try:
            done = take(file.read_text(encoding="utf-8-sig"), By(reason=why or file.name))
        except BadTable as error:
            raise CommandError("\n".join(map(str, error.problems))) from error
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file}: cannot be read ({error})") from error
        self.stdout.write(str(done))
