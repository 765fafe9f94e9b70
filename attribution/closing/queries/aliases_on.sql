-- One canonical name per raw name in force on the day; the youngest wins.
select distinct on (dimension, raw) dimension, raw, canonical
  from aicost_alias_on(%(day)s)
 where (valid_from is null or valid_from <= %(day)s)
   and (valid_to is null or valid_to > %(day)s)
 order by dimension, raw, valid_from desc nulls last, id desc
