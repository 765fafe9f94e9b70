"""The same code on the Postgres that Debian ships: migrations, a bill, the ledger."""

from glob import glob
import os
from pathlib import Path
import pwd
import shutil
import subprocess
import sys
import tempfile

import psycopg
import pytest

from aicost.runtime.postgres import free_port

ROOT = Path(__file__).resolve().parent.parent.parent

BILL = """\
BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,\
BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,ChargeCategory,\
ChargeDescription,ProviderName,PublisherName,InvoiceIssuerName,ServiceName,ServiceCategory,\
ResourceId,Tags
"""
LINE = (
    "acct,2026-09-01T00:00:00Z,2026-10-01T00:00:00Z,2026-09-0{day}T00:00:00Z,"
    "2026-09-0{next}T00:00:00Z,0.1,0.1,0.1,0.1,USD,Usage,GPU node,AWS,AWS,AWS,Amazon EC2,Compute,"
    'i-{day},"{{""team"": ""search""}}"\n'
)


@pytest.fixture
def debian_url():
    """A cluster of its own, of the oldest Debian server here, run by the user who may."""
    folder = Path(tempfile.mkdtemp(prefix="aicost-debian-"))
    bin_folder = Path(sorted(glob("/usr/lib/postgresql/*/bin"))[0])
    who = {}
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def run(program: str, *arguments: str) -> None:
        command = [bin_folder / program, "-D", folder / "data", *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **who)

    port = free_port()
    run("initdb", "-U", "app", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync")
    options = (
        f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    )
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://app:any@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-m", "fast", "-w", "stop")
        shutil.rmtree(folder)


@pytest.mark.debian_postgres
def test_it_runs_on_debians_postgres(debian_url, tmp_path):
    environment = os.environ | {
        "DATABASE_URL": debian_url,
        "AICOST_HOME": str(tmp_path / "home"),
        "CELERY_BROKER_URL": "memory://",
    }

    def manage(*arguments: str) -> str:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    with psycopg.connect(debian_url) as connection:
        version = connection.execute("show server_version_num").fetchone()[0]
    assert 150000 <= int(version) < 180000
    manage("migrate")
    bill = tmp_path / "focus.csv"
    bill.write_text(BILL + "".join(LINE.format(day=d, next=d + 1) for d in (1, 2, 3)))
    assert '"state": "published"' in manage("ingest", str(bill), "--json")
    assert '"leaks": 0' in manage("audit", "--json")
    with psycopg.connect(debian_url) as connection:
        total = "select sum(effective_cost)::text, count(distinct day) from attribution_costday"
        assert connection.execute(total).fetchone() == ("0.300000000000000000", 3)
