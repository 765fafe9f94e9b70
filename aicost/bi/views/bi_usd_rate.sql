-- One row a month and currency, which the planner can see, so that it leaves the join out where
-- nobody asks for dollars.
create or replace view bi_usd_rate as
select month, from_currency as currency, max(rate) as rate
from bi_rate
where to_currency = 'USD'
group by 1, 2
