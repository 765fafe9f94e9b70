"""`manage.py forecast`: where the month ends, for series from a file."""

from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from attribution.forecasting import forecast
from attribution.seriesfile import BadSeries


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Forecast the month's total of series of costs. docs/anomalies.md describes the columns."

    def add_arguments(self, parser):
        add = parser.add_argument
        add("--series", type=Path, required=True, metavar="FILE.csv")
        add("--as-of", type=date.fromisoformat, action="append", required=True, metavar="D")
        add("--out", type=Path, required=True, metavar="FILE.csv")

    def handle(self, *args, **options):
        try:
            summary = forecast(options["series"], options["as_of"], options["out"])
        except BadSeries as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"cannot write {options['out']}: {error}") from error
        for line in summary:
            self.stdout.write(line)
