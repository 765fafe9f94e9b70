"""manage.py close YYYY-MM | --list | --reopen YYYY-MM: keep a month as it is reported."""

from datetime import date

from django.core.management.base import BaseCommand, CommandError

from aicost.accounts.models import User
from aicost.accounts.scope import may_see_margin
from attribution.closing.months import CannotClose, close_month, reopen_month
from attribution.closing.status import month_states


def month(text: str) -> date:
    return date.fromisoformat(f"{text}-01")


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Close a month: what is reported stays, what comes later is restated (docs/close.md)."

    def add_arguments(self, parser):
        parser.add_argument("month", nargs="?", type=month, metavar="YYYY-MM")
        parser.add_argument("--by", metavar="USERNAME", help="who answers for it")
        parser.add_argument("--anyway", default="", metavar="WHY", help="close although it blocks")
        parser.add_argument("--reopen", type=month, metavar="YYYY-MM")
        parser.add_argument("--why", default="", help="why it is reopened")
        parser.add_argument("--list", action="store_true", help="every month and what blocks it")

    def handle(self, *args, by, anyway, reopen, why, list, **options):
        if list:
            return self._list()
        try:
            if reopen:
                done = reopen_month(reopen, _person(by), why)
                self.stdout.write(f"{done}: reopened. Run manage.py attribute, or let the workers")
            elif options["month"]:
                done = close_month(options["month"], _person(by), anyway)
                self.stdout.write(f"{done}: closed. Pinned and reported: {done.pinned}")
            else:
                raise CommandError("Say which month to close, --reopen, or --list")
        except CannotClose as error:
            cures = [f"  {one.message}. {one.cure}" for one in error.blockers]
            raise CommandError("\n".join([str(error), *cures])) from error

    def _list(self) -> None:
        for row in month_states():
            self.stdout.write(f"{row.month:%Y-%m}  {row.state:<9} {row.told}")
            for blocker in row.blockers:
                self.stdout.write(f"         {blocker.message}. {blocker.cure}")


def _person(username: str | None) -> User:
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise CommandError("Say with --by who answers for it: the username of somebody who exists")
    if not may_see_margin(found):
        raise CommandError(f"{username} is not finance, finops or admin, or sees only some teams")
    return found
