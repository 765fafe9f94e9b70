-- (source, charge month) with a day that was published after the month was last spread.
select distinct source_id, date_trunc('month', day)::date
  from attribution_daystate
 where spread_version < published_version
 order by 1, 2
