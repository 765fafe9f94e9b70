"""manage.py estimate: what usage is expected to cost until the bill comes."""

from dataclasses import asdict
from datetime import date, timedelta
import json

from django.core.management.base import BaseCommand, CommandError

from aicost.kernel.periods import utc_today
from attribution.anticipation import anticipations
from attribution.estimates import OPEN_DAYS_MAX, estimate


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Estimate the days whose bill is not final; with a period, final ones too."

    def add_arguments(self, parser):
        parser.add_argument("--from", dest="start", type=date.fromisoformat)
        parser.add_argument("--to", dest="end", type=date.fromisoformat, help="excluded")
        parser.add_argument("--bills", action="store_true", help="show which bill is foretold")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args, **options):
        start, end = options["start"], options["end"]
        if (start is None) != (end is None):
            raise CommandError("give both --from and --to, or neither")
        rows = _bills(start, end) if options["bills"] else [asdict(d) for d in estimate(start, end)]
        if options["json"]:
            self.stdout.write(json.dumps(rows, default=str))
            return
        for row in rows:
            self.stdout.write("  ".join(f"{name} {value}" for name, value in row.items()))


def _bills(start: date | None, end: date | None) -> list[dict]:
    tomorrow = utc_today() + timedelta(days=1)
    found = anticipations(start or tomorrow - timedelta(days=OPEN_DAYS_MAX), end or tomorrow)
    return [
        {
            "source": one.usage_source.name,
            "provider": one.provider,
            "bill": one.bill_source.name if one.bill_source else "",
            "how": one.how,
            "candidates": ", ".join(one.candidates),
        }
        for one in found
    ]
