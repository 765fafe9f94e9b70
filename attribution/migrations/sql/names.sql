-- One look-up of names for reports: of an open month as aliases say now, of a closed one as pinned,
-- so that calls, revenue and outcomes meet the money under the name it stands on.
create function aicost_alias_days(start date, "end" date)
returns table (day date, dimension text, raw text, canonical text)
language sql stable parallel safe as $$
    select distinct on (d.day, a.dimension, a.raw) d.day, a.dimension, a.raw, a.canonical
      from (select n::date as day
              from generate_series($1::timestamp, $2::timestamp - interval '1 day',
                                   interval '1 day') n) d
     cross join lateral aicost_alias_on(d.day) a
     where (a.valid_from is null or a.valid_from <= d.day)
       and (a.valid_to is null or a.valid_to > d.day)
     order by d.day, a.dimension, a.raw, a.valid_from desc nulls last, a.id desc
$$;
