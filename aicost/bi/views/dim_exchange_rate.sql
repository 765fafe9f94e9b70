create or replace view reporting_v1.dim_exchange_rate as
select month, from_currency, to_currency, rate from bi_rate
