"""`manage.py screenshots`: every page as a picture, for the README."""

from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from aicost.runtime.screenshots import NoPictures, take


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Take pictures of every page of this ledger (needs chromium and Pillow)."

    def add_arguments(self, parser):
        default = settings.BASE_DIR / "docs" / "screenshots"
        parser.add_argument("--folder", type=Path, default=default)

    def handle(self, *, folder, **options):
        call_command("collectstatic", verbosity=0, interactive=False)
        try:
            take(folder, self.stdout.write)
        except NoPictures as error:
            raise CommandError(str(error)) from error
