"""The last eight days of the demo company, loaded by the ordinary way in once for all tests of a
process, in a database of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import json
from pathlib import Path

from django.conf import settings
from django.db import connection

from aicost.accounts.models import User
from tests import databases
from tests.web.demo_world import load_days


@dataclass(frozen=True)
class DemoDays:
    database: str
    files: Path
    home: Path  # where what was loaded is kept

    def people(self) -> dict[str, User]:
        """Everybody who may log in, by name."""
        return {one.username: one for one in User.objects.all()}

    def truth(self) -> dict:
        return json.loads((self.files / "truth.json").read_text(encoding="utf-8"))

    @contextmanager
    def at_home(self) -> Iterator[None]:
        before, settings.AICOST_HOME = settings.AICOST_HOME, self.home
        try:
            yield
        finally:
            settings.AICOST_HOME = before

    @contextmanager
    def to_be_changed(self) -> Iterator[None]:
        """A copy, for a test that commits."""
        with (
            databases.copied_as("changed", self.database) as copy,
            databases.connected_to(copy),
            self.at_home(),
        ):
            yield


@contextmanager
def loaded(bare: str, folder: Path) -> Iterator[DemoDays]:
    """`bare` is the name of a database that was migrated and holds nothing else."""
    with databases.copied_as("demo", bare) as name:
        made = DemoDays(name, folder / "demo", folder / "home")
        with databases.connected_to(name), made.at_home():
            load_days(made.files)
            with connection.cursor() as cursor:
                cursor.execute("analyze")
        yield made
