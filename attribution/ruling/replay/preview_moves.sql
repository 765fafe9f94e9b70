-- What each target loses to each other, by group: what stays on the same target stays, and losers
-- give to gainers in proportion to the gains. A credit moves as what it is, with its sign.
with target as (
    select id as target_id,
           row_number() over (order by kind collate "C", state collate "C", activity collate "C",
               workload collate "C", model collate "C", feature collate "C",
               experiment collate "C", team collate "C", environment collate "C") as rank
      from attribution_target
), part as (
    select first, currency, is_credit, target_id,
           case when is_credit then sum(cost_before - cost_after)
                else sum(cost_after - cost_before) end as gain
      from p_part
     group by 1, 2, 3, 4
), gainer as (
    select first, currency, is_credit, target_id, gain,
           sum(gain) over moved as total,
           sum(gain) over (moved order by rank rows unbounded preceding) as upto
      from part
      join target using (target_id)
     where gain > 0
    window moved as (partition by first, currency, is_credit)
), amount as (
    select first, is_credit, sum(charges) as charges from ingest_charge
     cross join lateral (select series_id as first) f
     group by 1, 2
), series as (
    select first, count(*) as series from p_group group by 1
), move as (
    select l.target_id as from_id, g.target_id as to_id, l.currency, l.first, l.is_credit,
           aicost_part(case when l.is_credit then l.gain else -l.gain end,
                       g.upto * 1000000000000000000, g.gain * 1000000000000000000,
                       g.total * 1000000000000000000) as cost
      from part l
      join gainer g using (first, currency, is_credit)
     where l.gain < 0
)
select from_id, to_id, currency, sum(cost) as cost, sum(a.charges)::bigint as charges,
       sum(s.series)::bigint as series
  from move m
  join amount a using (first, is_credit)
  join series s using (first)
 where cost <> 0
 group by 1, 2, 3
 order by abs(sum(cost)) desc, 1, 2
