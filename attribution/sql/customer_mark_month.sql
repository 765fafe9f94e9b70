update attribution_customersplit
   set summed = true
 where day >= %(month)s and day < %(month)s::date + interval '1 month' and not summed
