"""A Superset of its own, headless, in the environment that `make bi` makes, and its API."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import subprocess
import time

import requests

from aicost.runtime.postgres import free_port

PROGRAM = Path(__file__).parents[2] / ".venv-superset" / "bin" / "superset"
ADMIN = {"username": "admin", "password": "admin-admin-admin"}
START_SECONDS = 120
# What has to be set before it starts: docs/bi/superset.md.
CONFIG = """\
SECRET_KEY = "only-for-this-run-of-the-tests-0123456789"
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/superset.db"
TALISMAN_ENABLED = False
"""


@contextmanager
def running(folder: Path) -> Iterator["Api"]:
    """Made in `folder`, started, and ended with the block."""
    (folder / "superset_config.py").write_text(CONFIG.format(folder=folder), encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "SUPERSET_HOME": str(folder),
        "SUPERSET_CONFIG_PATH": str(folder / "superset_config.py"),
        "FLASK_APP": "superset",
    }
    person = ["--firstname", "A", "--lastname", "B", "--email", "a@example.org"]
    port = free_port()
    log = (folder / "superset.log").open("w")
    for command in (
        ["db", "upgrade"],
        ["fab", "create-admin", "--username", ADMIN["username"], *person,
         "--password", ADMIN["password"]],
        ["init"],
    ):  # fmt: skip
        subprocess.run([PROGRAM, *command], env=environment, stdout=log, stderr=log, check=True)
    command = [PROGRAM, "run", "-h", "127.0.0.1", "-p", str(port), "--with-threads"]
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield Api(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(30)


class Api:
    """Logged in, with the token for what writes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self._await()
        login = {**ADMIN, "provider": "db", "refresh": True}
        token = self.post("security/login", login)["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"
        asked = self.session.get(f"{url}/api/v1/security/csrf_token/", timeout=60)
        self.session.headers["X-CSRFToken"] = asked.json()["result"]

    def post(self, path: str, body: dict) -> dict:
        answer = self.session.post(f"{self.url}/api/v1/{path}", json=body, timeout=120)
        assert answer.ok, (path, answer.status_code, answer.text)
        return answer.json()

    def add_database(self, name: str, uri: str) -> int:
        return self.post("database/", {"database_name": name, "sqlalchemy_uri": uri})["id"]

    def add_dataset(self, database: int, table: str) -> int:
        return self._dataset(database, {"table_name": table})

    def add_virtual_dataset(self, database: int, name: str, query: str) -> int:
        """Superset's own SQLite takes each name of a table once, whatever database it is of."""
        return self._dataset(database, {"table_name": name, "sql": query})

    def _dataset(self, database: int, asked: dict) -> int:
        return self.post("dataset/", asked | {"database": database, "schema": "reporting_v1"})["id"]

    def chart(self, dataset: int, query: dict) -> list[dict]:
        asked = {
            "datasource": {"id": dataset, "type": "table"},
            "queries": [query],
            "result_format": "json",
            "result_type": "full",
        }
        (result,) = self.post("chart/data", asked)["result"]
        assert result["error"] is None, result
        return result["data"]

    def _await(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if requests.get(f"{self.url}/health", timeout=5).ok:
                    return
            except requests.ConnectionError:
                pass
            assert time.monotonic() < deadline, "Superset does not answer"
            time.sleep(1)
