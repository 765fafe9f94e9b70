"""`manage.py report NAME`: the same answer as the page, written down."""

from pathlib import Path
import sys

from django.core.management.base import BaseCommand, CommandError

from aicost.accounts.models import ADMIN, ROLES
from attribution.reports import REPORTS, compare, run
from attribution.reports.formats import FORMATS
from attribution.reports.question import question
from attribution.reports.spec import (
    BASES,
    ESTIMATE_OPTIONS,
    GRANULARITIES,
    POOL_OPTIONS,
    Asker,
    BadSpec,
    NotAllowed,
    Spec,
)


class Command(BaseCommand):
    requires_system_checks = ()
    help = f"Answer one report: {', '.join(REPORTS)}. docs/reports.md describes them."

    def add_arguments(self, parser):
        add = parser.add_argument
        add("report", choices=list(REPORTS), metavar="NAME")
        add("--from", dest="start", required=True, metavar="YYYY-MM-DD")
        add("--to", dest="end", required=True, help="excluded")
        add("--group-by", default="", metavar="a,b")
        add("--filter", action="append", default=[], metavar="dimension=value")
        add("--granularity", choices=GRANULARITIES, default="total")
        add("--basis", choices=BASES, default="effective")
        add("--shared", choices=POOL_OPTIONS, default="shown")
        add("--idle", choices=POOL_OPTIONS, default="shown")
        add("--estimates", choices=ESTIMATE_OPTIONS, default="shown")
        add("--long", action="store_true", help="single charges of more than 31 days")
        add("--in-currency", default="", metavar="EUR", help="by the rate of each charge's month")
        add("--compare", choices=("previous",))
        add("--against", metavar="FROM:TO", help="for bridge; TO is excluded")
        add("--by-rules", action="store_true", help="for bridge: tell changed rules apart")
        add("--role", choices=ROLES, default=ADMIN, help="answer as this role would see it")
        add("--team", action="append", help="answer as somebody of this team only would see it")
        add("--format", choices=list(FORMATS), default="table")
        add("--output", type=Path, metavar="FILE")

    def handle(self, *args, **options):
        try:
            spec = spec_of(options)
            answer = compare(spec) if options["compare"] else run(spec)
        except (BadSpec, NotAllowed, ValueError) as error:
            raise CommandError(str(error)) from error
        write(FORMATS[options["format"]](answer), options["output"])


def spec_of(options: dict) -> Spec:
    """The question of the command line. Raises BadSpec naming what is wrong."""
    teams = options["team"]
    asker = Asker(options["role"], None if teams is None else tuple(teams))
    told = options | {"from": options["start"], "to": options["end"], "filters": options["filter"]}
    return question(options["report"], asker, told)


def write(document: str | bytes, output: Path | None) -> None:
    data = document if isinstance(document, bytes) else document.encode()
    if output is not None:
        try:
            output.write_bytes(data)
        except OSError as error:
            raise CommandError(f"cannot write {output} ({error}). Choose another file") from error
    elif isinstance(document, bytes):
        sys.stdout.buffer.write(data)
    else:
        sys.stdout.write(document.rstrip("\n") + "\n")
