"""The embedded Postgres: stub until the launcher lands in the next commit."""
from pathlib import Path


class Embedded:
    def __init__(self, home: Path) -> None:
        self.home = home

    def url(self) -> str:
        return "postgresql://app:app@127.0.0.1:5433/aicost"
