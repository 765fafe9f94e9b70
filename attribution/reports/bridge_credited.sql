-- Whether anything was credited in the period: only then the leaves of credits are read.
select exists (
    select from aicost_cost(%(start)s, %(end)s, 'service', 'month', '{}')
    where charge_category = 'Credit'
) as credited
