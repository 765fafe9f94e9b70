-- By which reports of customers read months as one where they can. A month that lies in the period
-- with all its days that have customers, and is summed as they are, is one piece (`whole`); all
-- other days are a piece each. Days and weeks are made of days alone.
create function aicost_customer_pieces(start date, "end" date, granularity text)
returns table (day date, whole boolean)
language sql stable parallel safe as $$
    with known as materialized (
        select s.day, s.summed, date_trunc('month', s.day)::date as month
          from attribution_customersplit s
         where s.has_customers and s.day >= date_trunc('month', $1)::date
           and s.day < date_trunc('month', $2 - 1)::date + interval '1 month'
    ), month as materialized (
        select k.month
          from known k
         where $3 in ('total', 'month', 'quarter')
         group by k.month
        having bool_and(k.summed and k.day >= $1 and k.day < $2)
    )
    select month, true from month
    union all
    select k.day, false
      from known k
     where k.day >= $1 and k.day < $2 and k.month not in (select month from month)
$$;
