"""`manage.py detect`: the detectors over series from a file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from attribution.detecting import detect
from attribution.detectors.findings import SENSITIVITIES
from attribution.seriesfile import BadSeries


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Find anomalies in series of costs from a file. docs/anomalies.md describes the columns."

    def add_arguments(self, parser):
        add = parser.add_argument
        add("--series", type=Path, required=True, metavar="FILE.csv")
        add("--meta", type=Path, metavar="FILE.csv", help="series_id,team,model,service,feature")
        add("--known", type=Path, metavar="FILE.csv", help="announced: series_id,start,end")
        add("--out", type=Path, required=True, metavar="FLAGS.csv")
        add("--freq", choices=("d", "h"), help="days or hours; told by the dates unless given")
        add("--sensitivity", choices=SENSITIVITIES, default="medium")
        add("--country", default="US", help="whose holidays count; '' for none")
        add("--processes", type=int, help="one a core unless given")

    def handle(self, *args, **options):
        try:
            summary = detect(
                options["series"], options["out"], options["meta"], options["known"],
                options["freq"], options["sensitivity"], options["country"], options["processes"],
            )  # fmt: skip
        except BadSeries as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"cannot write {options['out']}: {error}") from error
        for line in summary:
            self.stdout.write(line)
