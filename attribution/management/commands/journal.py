"""`manage.py journal MONTH`: the month as a balanced journal for the general ledger, as CSV."""

from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from aicost.accounts.models import ADMIN
from aicost.kernel.periods import month_of
from attribution.management.commands.report import write
from attribution.reports import run
from attribution.reports.formats import to_csv
from attribution.reports.question import question
from attribution.reports.spec import BASES, LEFT_OUT, SHOWN, SPREAD, Asker, BadSpec, Spec


class Command(BaseCommand):
    requires_system_checks = ()
    help = "The month as a journal on the accounts of `manage.py finance accounts`, as CSV."

    def add_arguments(self, parser):
        add = parser.add_argument
        add("month", metavar="YYYY-MM")
        add("--accruals", action="store_true", help="with what is used but not billed, reversed")
        add("--spread", action="store_true", help="idle and shared cost on those who used")
        add("--basis", choices=BASES, default="effective")
        add("--in-currency", default="", metavar="EUR")
        add("--output", type=Path, metavar="FILE")

    def handle(self, *args, **options):
        try:
            write(to_csv(run(spec_of(options))), options["output"])
        except (BadSpec, ValueError) as error:
            raise CommandError(str(error)) from error


def spec_of(options: dict) -> Spec:
    """The question of the command line. Raises ValueError for a month that is none."""
    try:
        month = month_of(date.fromisoformat(f"{options['month']}-01"))
    except ValueError:
        raise ValueError(f"{options['month']!r} is no month: write YYYY-MM") from None
    pools = SPREAD if options["spread"] else SHOWN
    told = {
        "period": month,
        "basis": options["basis"],
        "idle": pools,
        "shared": pools,
        "estimates": SHOWN if options["accruals"] else LEFT_OUT,
        "in_currency": options["in_currency"],
    }
    return question("journal", Asker(ADMIN), told)
