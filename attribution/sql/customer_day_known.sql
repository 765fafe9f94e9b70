update attribution_customersplit
   set has_customers = true
 where day = %(day)s
   and exists (select from ingest_usage u
                where u.hour >= %(day)s::date::timestamp at time zone 'UTC'
                  and u.hour < (%(day)s::date + 1)::timestamp at time zone 'UTC'
                  and u.customer <> '')
