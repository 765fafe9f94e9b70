-- What each charge is of: its resource; a charge without one, its service, meter and tags. Only of
-- what some charge of the methods follow and refund names.
create temp table if not exists w_what on commit drop as
with named as (
    select charge_id, method, resource_id as what
      from w_charge
     where resource_id <> ''
    union all
    select c.charge_id, c.method,
           concat_ws(chr(31), s.service_name, s.sku_meter, s.tags::text, s.sub_account_id)
      from w_charge c
      join ingest_charge h on h.day = %(day)s and h.id = c.charge_id
      join ingest_chargeseries s on s.id = h.series_id
     where c.resource_id = ''
       and exists (select from w_charge r where r.method = 'refund' and r.resource_id = '')
), asked as (
    select distinct what from named where method in ('follow', 'refund')
)
select n.charge_id, n.what
  from named n
  join asked a using (what)
