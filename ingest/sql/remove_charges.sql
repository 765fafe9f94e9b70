delete from ingest_charge as h
using charge_change as c
where c.what = 'removed' and h.id = c.id and h.day = c.day
