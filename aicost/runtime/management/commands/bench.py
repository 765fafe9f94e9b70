import json as json_format

from django.core.management.base import BaseCommand, CommandError

from aicost.runtime.bench.registry import BENCHES, NoBench
from aicost.runtime.bench.run import run_bench


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Measure the heavy paths, each in a database of its own that is dropped afterwards."

    def add_arguments(self, parser):
        parser.add_argument("--only", metavar="NAME", help=f"one of {', '.join(BENCHES)}")
        parser.add_argument("--size", type=int, help="smaller than the full size, for a try")
        parser.add_argument("--json", action="store_true")

    def handle(self, only, size, json: bool, **options):
        try:
            names = [only] if only else list(BENCHES)
            rows = [row for name in names for row in run_bench(name, size)]
        except NoBench as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_as_json(rows) if json else _as_text(rows))


def _as_json(rows: list[dict]) -> str:
    return json_format.dumps(rows, indent=1)


def _as_text(rows: list[dict]) -> str:
    lines = [f"{'bench':<32}{'size':>12}{'seconds':>10}{'limit':>10}{'ratio':>8}{'peak MB':>9}"
             f"{'limit MB':>9}"]  # fmt: skip
    for row in rows:
        cells = [row["seconds"], row["limit_seconds"], row["ratio"], row["peak_mb"],
                 row["limit_mb"]]  # fmt: skip
        shown = ["–" if cell is None else str(cell) for cell in cells]
        lines.append(
            f"{row['name']:<32}{row['size']:>12,}{shown[0]:>10}{shown[1]:>10}{shown[2]:>8}"
            f"{shown[3]:>9}{shown[4]:>9}"
        )
    return "\n".join(lines)
