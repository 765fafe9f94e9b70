"""A BigQuery REST server for tests. It really answers: the GoogleSQL it is sent is translated to
DuckDB and run over nested rows, so totals, groups and text are results and not recordings.

What the two engines do not share is defined here: BIGNUMERIC is decimal(38, 30), and rounding half
to even is a macro.
"""

from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
import gzip
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
import threading
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
import duckdb
import sqlglot
from sqlglot import exp

from tests import served

PAGE_ROWS = 50  # small, so that every answer of some length has several pages
TOKEN = "a-token"
_KINDS = {
    "BIGINT": "INTEGER", "INTEGER": "INTEGER", "HUGEINT": "INTEGER", "VARCHAR": "STRING",
    "DATE": "DATE", "TIMESTAMP": "DATETIME", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
    "BOOLEAN": "BOOLEAN", "DOUBLE": "FLOAT",
}  # fmt: skip
_DUCK = {"STRING": "varchar", "FLOAT": "double", "TIMESTAMP": "timestamptz", "NUMERIC":
         "decimal(38, 9)", "BOOLEAN": "boolean", "INTEGER": "bigint", "DATE": "date"}  # fmt: skip


class FakeBigQuery:
    """Tables by full name. `bytes_per_row` makes up what a query reads; `denied` is a permission
    that nobody has."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        self.con.execute("set TimeZone = 'UTC'")
        self.con.execute(
            "create macro half_even(x) as case"
            " when abs(x - cast(x as decimal(38, 18))) = cast('5e-19' as decimal(38, 30))"
            " and cast(x as decimal(38, 18)) % cast('2e-18' as decimal(38, 18)) <> 0"
            " then cast(x as decimal(38, 18)) - sign(x) * cast('1e-18' as decimal(38, 18))"
            " else cast(x as decimal(38, 18)) end"
        )
        self.tables: dict[str, dict] = {}
        self.jobs: dict[str, dict] = {}
        self.queries: list[str] = []
        self.bytes_per_row = 1000
        self.denied = ""
        self.lock = threading.Lock()

    def add_table(self, name: str, fields: list[dict], *, partitioned: bool = True) -> None:
        columns = ", ".join(f'"{field["name"]}" {_duck(field)}' for field in fields)
        pseudo = ', "_PARTITIONTIME" timestamptz' if partitioned else ""
        self.con.execute(f'create table "{name}" ({columns}{pseudo})')
        self.tables[name] = {"fields": fields, "partitioned": partitioned}

    def insert(self, name: str, rows: Iterable[Mapping], arrived: str = "") -> None:
        """Rows as JSON has them; all of one partition, or each of its own `partition_date`."""
        shape = json.dumps({one["name"]: _shape(one) for one in self.tables[name]["fields"]})
        for row in rows:
            pseudo = ""
            if self.tables[name]["partitioned"]:
                pseudo = f", timestamptz '{arrived or row['partition_date']} 00:00:00+00'"
            self.con.execute(
                f'insert into "{name}" select unnest(from_json(?::json, ?)){pseudo}',
                [json.dumps(row), shape],
            )

    def run(self, sql: str) -> tuple[list[tuple[str, str]], list[tuple]]:
        with self.lock:
            cursor = self.con.cursor()
            cursor.execute("set TimeZone = 'UTC'")
            found = cursor.sql(to_duckdb(sql))
            kinds = zip(found.columns, found.types, strict=True)
            shape = [(name, _kind(str(kind))) for name, kind in kinds]
            columns = [column.to_pylist() for column in found.to_arrow_table().columns]
            cursor.close()
            return shape, list(zip(*columns, strict=True))

    def read_bytes(self, sql: str) -> int:
        """As BigQuery counts: the rows of the partitions that the query's own bounds leave."""
        counted = _counting(sql, frozenset(self.tables))
        return self.run(counted)[1][0][0] * self.bytes_per_row if counted else 0


@cache
def _counting(sql: str, tables: frozenset[str]) -> str:
    """A query that counts the rows within the bounds of another; '' where it reads no table."""
    for table in sqlglot.parse_one(sql, read="bigquery").find_all(exp.Table):
        if ".".join(part.name for part in table.parts) in tables:
            where = table.find_ancestor(exp.Select).args.get("where")
            bounds = f" {where.sql('bigquery')}" if where else ""
            return f"select count(*) as n from {table.sql('bigquery')}{bounds}"
    return ""


@cache
def to_duckdb(sql: str) -> str:
    tree = sqlglot.parse_one(sql, read="bigquery")
    for node in list(tree.walk(bfs=False))[::-1]:  # the inner ones first
        if (new := _translated(node)) is not node:
            node.replace(new)
    for one in tree.find_all(exp.CTE):  # else its subqueries are run wherever they are named
        one.set("materialized", True)
    return tree.sql("duckdb")


def _translated(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.DataType) and node.this == exp.DataType.Type.BIGDECIMAL:
        return exp.DataType.build("decimal(38, 30)", dialect="duckdb")
    if isinstance(node, exp.Round) and "HALF_EVEN" in node.sql("bigquery"):
        return exp.func("half_even", node.this)
    if isinstance(node, exp.Format):
        return exp.func("printf", node.this, *node.expressions)
    if isinstance(node, exp.Table) and node.catalog:
        name = ".".join(part.name for part in node.parts)
        return exp.Table(this=exp.to_identifier(name, quoted=True), alias=node.args.get("alias"))
    return node


def _shape(field: Mapping) -> object:
    kind = _DUCK.get(field["type"])
    inner = kind or {one["name"]: _shape(one) for one in field["fields"]}
    return [inner] if field.get("mode") == "REPEATED" else inner


def _duck(field: Mapping) -> str:
    if field["type"] == "RECORD":
        inner = ", ".join(f'"{one["name"]}" {_duck(one)}' for one in field["fields"])
        kind = f"struct({inner})"
    else:
        kind = _DUCK[field["type"]]
    return kind + ("[]" if field.get("mode") == "REPEATED" else "")


def _kind(duck: str) -> str:
    return "BIGNUMERIC" if duck.startswith("DECIMAL") else _KINDS[duck]


def _cell(value: object) -> dict:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return {"v": str(int(value.astimezone(UTC).timestamp() * 1_000_000))}
    if isinstance(value, datetime | date):
        return {"v": value.isoformat()}
    if isinstance(value, bool):
        return {"v": str(value).lower()}
    if isinstance(value, Decimal):
        return {"v": f"{value:f}"}
    return {"v": None if value is None else str(value)}


def table_fields(*described: str) -> list[dict]:
    """Fields from words: `cost:FLOAT`, `labels:[key,value]`, `service:{id,description}`."""
    return [_field(one) for one in described]


def _field(told: str) -> dict:
    name, _, kind = told.partition(":")
    if kind[:1] in ("[", "{"):
        inner = [_field(one) for one in _split(kind[1:-1])]
        mode = "REPEATED" if kind[0] == "[" else "NULLABLE"
        return {"name": name, "type": "RECORD", "mode": mode, "fields": inner}
    return {"name": name, "type": kind or "STRING", "mode": "NULLABLE"}


def _split(text: str) -> list[str]:
    parts, depth = [""], 0
    for char in text:
        depth += (char in "[{") - (char in "]}")
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def service_account_key(url: str) -> str:
    """The JSON of a key whose tokens the server gives."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return json.dumps({
        "type": "service_account", "project_id": "acme", "private_key_id": "1",
        "private_key": pem.decode(), "client_email": "aicost@acme.iam.gserviceaccount.com",
        "client_id": "1", "token_uri": f"{url}/token",
    })  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.0"  # a connection an answer: no thread outlives the server

    def log_message(self, *args) -> None:
        pass

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def _answer(self, act) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        parts = urlsplit(self.path)
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        token = self.headers.get("Authorization")
        if parts.path != "/token" and token != f"Bearer {TOKEN}":
            status, told = _error(401, "no valid token")
        else:
            status, told = act(parts.path.removeprefix("/bigquery/v2/projects/"), body)
        content = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _get(self, path: str, _: bytes) -> tuple[int, dict]:
        fake, steps = self.server.fake, path.split("/")
        if "tables" in steps:
            return self._table(".".join((steps[0], steps[2], steps[4])))
        job = fake.jobs[steps[2]]
        if steps[1] == "jobs":
            return 200, job["job"]
        first = int(self.query.get("pageToken", 0))
        most = min(int(self.query.get("maxResults", PAGE_ROWS)), PAGE_ROWS)
        rows = job["rows"][first : first + most]
        told = {
            "jobReference": job["job"]["jobReference"], "jobComplete": True,
            "totalRows": str(len(job["rows"])), "schema": job["schema"],
            "rows": [{"f": [_cell(value) for value in row]} for row in rows],
        }  # fmt: skip
        if most and first + most < len(job["rows"]):
            told["pageToken"] = str(first + most)
        return 200, told

    def _table(self, name: str) -> tuple[int, dict]:
        fake = self.server.fake
        if fake.denied == "bigquery.tables.get":
            return _denied(fake.denied, name)
        if name not in fake.tables:
            return _error(404, f"Not found: Table {name}")
        project, dataset, table = name.split(".")
        told = {
            "tableReference": {"projectId": project, "datasetId": dataset, "tableId": table},
            "schema": {"fields": fake.tables[name]["fields"]},
            "type": "TABLE" if fake.tables[name]["partitioned"] else "VIEW",
        }
        if fake.tables[name]["partitioned"]:
            told["timePartitioning"] = {"type": "DAY"}
        return 200, told

    def _post(self, path: str, body: bytes) -> tuple[int, dict]:
        fake = self.server.fake
        if path == "/token":
            return 200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
        asked = json.loads(body)
        if fake.denied == "bigquery.jobs.create":
            return _denied(fake.denied, f"Project {path.split('/')[0]}")
        config, sql = asked["configuration"], asked["configuration"]["query"]["query"]
        size = fake.read_bytes(sql)
        job = {
            "kind": "bigquery#job", "configuration": config, "status": {"state": "DONE"},
            "jobReference": {**asked.get("jobReference", {}), "location": "US"},
            "statistics": {"totalBytesProcessed": str(size), "query": {
                "totalBytesProcessed": str(size), "totalBytesBilled": "0",
                "statementType": "SELECT",
            }},
        }  # fmt: skip
        if config.get("dryRun"):
            return 200, job
        most = config["query"].get("maximumBytesBilled")
        if most is not None and size > int(most):
            return _error(400, "Query exceeded limit for bytes billed")
        fake.queries.append(sql)
        try:
            shape, rows = fake.run(sql)
        except duckdb.Error as error:
            return _error(400, f"invalidQuery: {error}")
        job["statistics"]["query"]["totalBytesBilled"] = str(max(size, 10 * 1024**2))
        schema = {"fields": [{"name": n, "type": k, "mode": "NULLABLE"} for n, k in shape]}
        fake.jobs[job["jobReference"]["jobId"]] = {"job": job, "rows": rows, "schema": schema}
        return 200, job


def _error(status: int, message: str) -> tuple[int, dict]:
    one = {"reason": "accessDenied" if status == 403 else "invalid", "message": message}
    return status, {"error": {"code": status, "message": message, "errors": [one]}}


def _denied(permission: str, where: str) -> tuple[int, dict]:
    return _error(403, f"Access Denied: {where}: User does not have {permission} permission")


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    fake: FakeBigQuery


@contextmanager
def serving(fake: FakeBigQuery):
    """The address of the server."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.fake = fake
    with served.serving(server) as url:
        yield url
