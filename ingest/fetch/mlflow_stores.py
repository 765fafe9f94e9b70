"""Runs of MLflow, wherever they are kept: its server, a folder (`mlruns`), SQLite or Postgres.

Each store gives runs that started in [start, end) as MLflow's REST API writes them, with the name
and the tags of their experiment beside: {"experiment": {"name", "tags"}, "info", "data"}.
"""

from collections.abc import Iterator
from contextlib import closing
import json
from pathlib import Path
import sqlite3
from urllib.parse import quote, urlsplit

import psycopg

from ingest.fetch import http
from ingest.fetch.base import FetchError
from ingest.fetch.guard import refuse_elsewhere

PAGE_RUNS = 500
PAGES_MAX = 100_000
_SQLITE = "sqlite:///"
_STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_CURES = {
    401: "Check the token, or user and password",
    403: "The user needs the permission READ on the experiments",
    404: "Give the address of the tracking server without /api or a page of its UI",
}
_FROM_RUN = ("run_uuid", "experiment_id", "name", "user_id", "status", "start_time", "end_time",
             "lifecycle_stage")  # fmt: skip


class Server:
    """A tracking server, by its REST API 2.0."""

    def __init__(self, address: str, token: str, user: str, password: str, tries: int) -> None:
        self.address = http.checked_url(address)
        headers = {"Authorization": f"Bearer {token}"} if token else None
        self.session = http.session(headers, tries)
        if user:
            self.session.auth = (user, password)

    def experiments(self) -> dict[str, dict]:
        found = {}
        for page in self._pages("experiments/search", {"view_type": "ALL", "max_results": 1000}):
            for one in page.get("experiments", []):
                tags = {tag["key"]: tag.get("value", "") for tag in one.get("tags", [])}
                found[one["experiment_id"]] = {"name": one["name"], "tags": tags}
        return found

    def runs(self, experiments: dict[str, dict], start_ms: int, end_ms: int) -> Iterator[dict]:
        asked = {
            "experiment_ids": sorted(experiments),
            "filter": f"attributes.start_time >= {start_ms} and attributes.start_time < {end_ms}",
            "run_view_type": "ALL",
            "max_results": PAGE_RUNS,
            "order_by": ["attributes.start_time ASC"],
        }
        for page in self._pages("runs/search", asked) if experiments else ():
            for run in page.get("runs", []):
                yield {"experiment": experiments[run["info"]["experiment_id"]], **run}

    def _pages(self, call: str, asked: dict) -> Iterator[dict]:
        token = ""
        for _ in range(PAGES_MAX):
            body = {**asked, "page_token": token} if token else asked
            page = http.read_json(
                self.session, "POST", f"{self.address}/api/2.0/mlflow/{call}", cures=_CURES,
                json=body,
            )  # fmt: skip
            if not isinstance(page, dict):
                raise FetchError(f"{self.address} answers no object", "Is it an MLflow server?")
            yield page
            before, token = token, page.get("next_page_token") or ""
            if not token:
                return
            if token == before:
                raise FetchError(f"{call} goes round at one page", "Is it an MLflow server?")
        raise FetchError(f"{call} has no end after {PAGES_MAX} pages", "Name fewer experiments")


class Folder:
    """A local file store: a folder for each experiment, in it one for each run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        if not root.is_dir():
            raise FetchError(f"{root}: no such folder", "Name the folder mlruns itself")

    def experiments(self) -> dict[str, dict]:
        found = {}
        for meta in sorted(self.root.glob("*/meta.yaml")):
            told = _flat_yaml(meta)
            if "/" not in told.get("experiment_id", "/") and told["experiment_id"] != "..":
                tags = _files_of(meta.parent / "tags")
                found[told["experiment_id"]] = {"name": told.get("name", ""), "tags": tags}
        return found

    def runs(self, experiments: dict[str, dict], start_ms: int, end_ms: int) -> Iterator[dict]:
        for experiment in sorted(experiments):
            for meta in sorted((self.root / experiment).glob("*/meta.yaml")):
                info = _flat_yaml(meta)
                if "run_id" in info and start_ms <= int(info.get("start_time") or 0) < end_ms:
                    yield {"experiment": experiments[experiment], **_run_of_folder(meta, info)}


class Database:
    """MLflow's own tables in SQLite or Postgres, read only."""

    def __init__(self, address: str, password: str) -> None:
        self.address, self.password = address, password

    def experiments(self) -> dict[str, dict]:
        rows = self._all("select experiment_id, name from experiments order by experiment_id")
        tags = self._all("select experiment_id, key, value from experiment_tags")
        return {
            str(number): {
                "name": name,
                "tags": {key: value for of, key, value in tags if of == number},
            }
            for number, name in rows
        }

    def runs(self, experiments: dict[str, dict], start_ms: int, end_ms: int) -> Iterator[dict]:
        span = f"start_time >= {int(start_ms)} and start_time < {int(end_ms)}"
        rows = self._all(f"select {', '.join(_FROM_RUN)} from runs where {span}")
        of = f"run_uuid in (select run_uuid from runs where {span})"
        params = _by_run(self._all(f"select run_uuid, key, value from params where {of}"))
        tags = _by_run(self._all(f"select run_uuid, key, value from tags where {of}"))
        asked = f"select run_uuid, key, value, is_nan from latest_metrics where {of}"
        told = ((run, key, "NaN" if nan else repr(value)) for run, key, value, nan in
                self._all(asked))  # fmt: skip
        metrics = _by_run(told)
        for row in rows:
            info = dict(zip(_FROM_RUN, row, strict=True))
            run, experiment = info.pop("run_uuid"), str(info["experiment_id"])
            if experiment not in experiments:
                continue
            info |= {"run_id": run, "run_name": info.pop("name"), "experiment_id": experiment}
            parts = (("params", params), ("tags", tags), ("metrics", metrics))
            data = {name: found.get(run, []) for name, found in parts}
            yield {"experiment": experiments[experiment], "info": info, "data": data}

    def _all(self, query: str) -> list[tuple]:
        try:
            if self.address.startswith("sqlite:"):
                path = quote(self.address.removeprefix(_SQLITE))
                with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                    return database.execute(query).fetchall()
            more = {"password": self.password} if self.password else {}
            with psycopg.connect(self.address, connect_timeout=10, **more) as database:
                database.read_only = True
                return database.execute(query).fetchall()
        except (sqlite3.Error, psycopg.Error) as error:
            told = str(error).split("\n")[0]
            cure = "Name MLflow's backend store; its user needs select on all tables"
            raise FetchError(f"the store cannot be read ({told})", cure) from error


Store = Server | Folder | Database


def store_at(
    address: str, token: str = "", user: str = "", password: str = "", tries: int = http.TRIES_MAX
) -> Store:
    """The store of an address: http(s), sqlite:///, postgresql:// or a folder. Raises
    `FetchError`."""
    scheme = urlsplit(address).scheme
    if scheme in ("http", "https"):
        return Server(address, token, user, password, tries)
    if scheme in ("postgresql", "postgres", "sqlite") or scheme.startswith("postgresql+"):
        plain = address.replace(f"{scheme}:", f"{scheme.split('+')[0]}:", 1)
        if scheme == "sqlite":
            refuse_elsewhere(Path(address.removeprefix(_SQLITE)))
        return Database(plain, password)
    folder = Path(urlsplit(address).path if scheme == "file" else address)
    refuse_elsewhere(folder)
    return Folder(folder)


def _by_run(rows) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for run, key, value in rows:
        found.setdefault(run, []).append({"key": key, "value": value})
    return found


def _flat_yaml(path: Path) -> dict[str, str]:
    """The scalars of a meta.yaml as MLflow writes it: one a line."""
    told = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        key, colon, value = line.partition(":")
        value = value.strip()
        if not colon or key != key.strip() or value in ("null", "", "[]", "{}"):
            continue
        if value[:1] == value[-1:] == "'":
            value = value[1:-1].replace("''", "'")
        elif value[:1] == value[-1:] == '"':
            value = json.loads(value)
        told[key] = value
    return told


def _files_of(folder: Path) -> dict[str, str]:
    """Keys may hold slashes: they are folders."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    found = sorted(files)
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in found
    }


def _run_of_folder(meta: Path, info: dict[str, str]) -> dict:
    folder = meta.parent
    status = info.get("status", "1")
    info["status"] = _STATUS.get(int(status), "") if status.isdigit() else status
    metrics = []
    for key, text in _files_of(folder / "metrics").items():
        points = [line.split() for line in text.splitlines() if len(line.split()) >= 2]
        if points:
            last = max(points, key=lambda p: (int(p[2]) if len(p) > 2 else 0, int(p[0])))
            metrics.append({"key": key, "value": last[1]})
    pairs = {
        name: [{"key": k, "value": v} for k, v in _files_of(folder / name).items()]
        for name in ("params", "tags")
    }
    return {"info": info, "data": {"metrics": metrics, **pairs}}
