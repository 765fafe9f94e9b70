select distinct date_trunc('month', day)::date
  from attribution_customersplit
 where not summed
 order by 1
