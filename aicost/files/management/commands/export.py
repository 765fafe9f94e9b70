"""manage.py export add|list|run|test|pause|resume|remove: daily files in a folder or a bucket."""

from datetime import date
import json

from django.core.management.base import BaseCommand, CommandError

from aicost.accounts.audit import FILES_ADDED, FILES_PAUSED, FILES_REMOVED, record
from aicost.files.datasets import DATASETS
from aicost.files.destinations import add, address_values, check
from aicost.files.export import export
from aicost.files.models import Destination, FilesRun
from aicost.files.show import rows
from aicost.files.stores import kind_of
from ingest.connect import BadSettings
from ingest.fetch.base import SECRET
from ingest.given import SETTINGS_HELP, NotGiven, given_values


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Daily files of the ledger, in a folder or a bucket. docs/files.md describes them."

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", required=True)
        new = actions.add_parser("add", help="say where files go, and test it")
        new.add_argument("name")
        new.add_argument("address", help="/an/absolute/folder or s3://bucket/prefix")
        new.add_argument("given", nargs="*", metavar="name=value", help=SETTINGS_HELP)
        known = ",".join(one.name for one in DATASETS)
        new.add_argument("--datasets", default="cost,focus", help=f"of {known}")
        new.add_argument("--from", dest="start", type=date.fromisoformat, metavar="YYYY-MM-DD")
        actions.add_parser("list", help="destinations and their last run").add_argument(
            "--json", action="store_true"
        )
        for action, told in (
            ("run", "write what changed, now"),
            ("test", "try to write there"),
            ("pause", "write no more until resumed"),
            ("resume", "write again"),
            ("remove", "forget it; its files stay"),
        ):
            actions.add_parser(action, help=told).add_argument("name")

    def handle(self, *args, action, **options):
        getattr(self, f"_{action}")(options)

    def _add(self, options):
        kind, _ = address_values(options["address"])
        secret = {field.name for field in kind_of(kind).fields if field.kind == SECRET}
        datasets = [one for one in options["datasets"].split(",") if one]
        try:
            values = given_values(options["given"], secret)
            made = add(options["name"], options["address"], values, datasets, options["start"])
        except NotGiven as error:
            raise CommandError(str(error)) from error
        except BadSettings as error:
            raise CommandError("\n".join(f"{k}: {v}" for k, v in error.errors.items())) from error
        record(None, FILES_ADDED, made.name, {"kind": made.kind, "datasets": made.datasets})
        self.stdout.write(f"{made.name}: saved")
        self._test(options)

    def _test(self, options):
        told = check(_named(options["name"]))
        cure = f". {told.cure}" if told.cure and not told.ok else ""
        self.stdout.write(f"{'ok    ' if told.ok else 'FAILED'}  {told.what}{cure}")
        if not told.ok:
            raise CommandError("files cannot be written there yet")

    def _list(self, options):
        found = rows()
        if options["json"]:
            self.stdout.write(json.dumps(found, default=str, indent=2))
            return
        for row in found:
            self.stdout.write("  ".join(str(value) for value in row.values()))

    def _run(self, options):
        run = export(_named(options["name"]))
        self.stdout.write(
            f"{run.state}: {run.days_written} days written, {run.rows} rows, {run.bytes} bytes; "
            f"{run.days_waiting} wait for attribution"
        )
        if run.state != FilesRun.DONE:
            raise CommandError(". ".join(filter(None, (run.message, run.cure))))

    def _pause(self, options):
        self._switch(_named(options["name"]), False)

    def _resume(self, options):
        self._switch(_named(options["name"]), True)

    def _switch(self, destination: Destination, enabled: bool):
        Destination.objects.filter(pk=destination.pk).update(enabled=enabled)
        record(None, FILES_PAUSED, destination.name, {"enabled": enabled})

    def _remove(self, options):
        found = _named(options["name"])
        record(None, FILES_REMOVED, found.name, {"kind": found.kind})
        found.delete()
        self.stdout.write(f"{options['name']}: forgotten; what it wrote stays where it is")


def _named(name: str) -> Destination:
    found = Destination.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(Destination.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"no destination {name!r}; there are: {known}")
    return found
