"""Re-check the conservation of the whole ledger, from the charges up."""

from django.db import connection

from aicost.kernel.money import plain
from aicost.kernel.sqlfiles import sql


def audit() -> dict:
    """`{leaks, charges, allocated_charges, wrong_sums, dirty_days, failed_days, totals}`; shapes in
    docs/audit.md. The ledger is whole when leaks and wrong_sums are 0 and every residual is 0."""
    with connection.cursor() as cursor:
        cursor.execute(sql("attribution.sql", "audit_leaks"))
        leaks, charges, allocated = cursor.fetchone()
        cursor.execute(sql("attribution.sql", "audit_totals"))
        names = [column.name for column in cursor.description]
        totals = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        cursor.execute(sql("attribution.sql", "audit_sums"))
        (wrong,) = cursor.fetchone()
        cursor.execute(sql("attribution.sql", "audit_days"))
        dirty, failed = cursor.fetchone()
    money = ("billed", "workload", "idle", "shared", "unattributed", "residual")
    for total in totals:
        total.update({name: plain(total[name]) for name in money})
        total["billing_period"] = total["billing_period"].strftime("%Y-%m")
    return {
        "leaks": leaks,
        "charges": charges,
        "allocated_charges": allocated,
        "wrong_sums": wrong,
        "dirty_days": dirty,
        "failed_days": failed,
        "totals": totals,
    }


def is_clean(result: dict) -> bool:
    found = result["leaks"] or result["wrong_sums"]
    return not found and all(total["residual"] == "0" for total in result["totals"])
