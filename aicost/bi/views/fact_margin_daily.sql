create or replace view reporting_v1.fact_margin_daily as
select
    md5(row(g.day - date '2000-01-01', g.feature, g.line, g.currency)::text)::uuid as row_id,
    g.day as usage_date,
    date_trunc('month', g.day::timestamp)::date as billing_period,
    g.feature,
    g.line,
    g.currency,
    g.cost,
    g.cost_of_revenue,
    g.research_cost,
    g.other_class_cost,
    g.revenue,
    g.gross_margin,
    g.margin,
    case g.currency when 'USD' then g.revenue else g.revenue * r.rate end as revenue_usd,
    case g.currency when 'USD' then g.margin else g.margin * r.rate end as margin_usd,
    m.made_at as updated_at
from bi_margin g
left join bi_usd_rate r on r.currency = g.currency
    and r.month = date_trunc('month', g.day::timestamp)::date
left join bi_month m on m.month = date_trunc('month', g.day::timestamp)::date
