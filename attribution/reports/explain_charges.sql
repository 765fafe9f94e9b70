-- The charges behind a figure, in lines of the same thing under the same rule. `charged` counts
-- each charge once and whole, `part` what of it stands in the figure.
with part as (
    select
        a.day, a.charge_id, a.rule_id,
        sum(case %(basis)s when 'billed' then a.billed_cost else a.effective_cost end) as part,
        string_agg(distinct a.evidence, ', ' order by a.evidence) as evidence
    from attribution_allocatedcharge a
    join attribution_target t on t.id = a.target_id
    where a.day >= %(start)s and a.day < %(end)s
        and (%(charge)s::bigint is null or a.charge_id = %(charge)s)
        and (%(teams)s::text[] is null or t.team = any(%(teams)s))
        and (%(f_feature)s::text[] is null or t.feature = any(%(f_feature)s))
        and (%(f_model)s::text[] is null or t.model = any(%(f_model)s))
        and (%(f_workload)s::text[] is null or t.workload = any(%(f_workload)s))
        and (%(f_experiment)s::text[] is null or t.experiment = any(%(f_experiment)s))
        and (%(f_team)s::text[] is null or t.team = any(%(f_team)s))
        and (%(f_environment)s::text[] is null or t.environment = any(%(f_environment)s))
        and (%(f_activity)s::text[] is null or t.activity = any(%(f_activity)s))
        and (%(f_kind)s::text[] is null or t.kind = any(%(f_kind)s))
        and (not 'activity' = any(%(groups)s) or t.kind = 'workload'
            or concat(t.workload, t.model, t.feature, t.experiment, t.team) <> '')
        and (%(f_state)s::text[] is null or t.state = any(%(f_state)s))
        and not exists (
            select from jsonb_each(%(above_filters)s::jsonb) f (level, accepted)
            where not f.accepted ? coalesce(
                (select e.above from attribution_entityabove e
                    where e.level = f.level and (e.dimension, e.name) in (('model', t.model),
                        ('feature', t.feature), ('team', t.team), ('experiment', t.experiment))
                        and (e.valid_from is null or e.valid_from <= a.day)
                        and (e.valid_to is null or e.valid_to > a.day)),
                case f.level when 'base_model' then t.model else '' end)
        )
        and (%(f_evidence)s::text[] is null or a.evidence = any(%(f_evidence)s))
        and (%(f_layer)s::text[] is null or aicost_layer(t.kind, t.activity, exists (
            select from ingest_charge c
            join ingest_chargeseries h on h.id = c.series_id
            join attribution_modelapi i on i.source_id = h.source_id
                and i.service_name = h.service_name
            where c.day = a.day and c.id = a.charge_id)) = any(%(f_layer)s))
        and (%(f_rule)s::text[] is null or a.rule_id in (
            select id from attribution_allocationrule where key = any(%(f_rule)s)))
    group by 1, 2, 3
),
priced as (
    select
        p.*, h.service_name as service, h.billing_currency as currency, h.resource_id,
        h.resource_name, h.charge_category,
        coalesce(nullif(h.instance_type, ''), nullif(h.sku_meter, ''), nullif(h.operation, ''),
            nullif(h.charge_description, ''), nullif(h.service_name, ''), h.charge_category)
            as what,
        case %(basis)s when 'billed' then c.billed_cost else c.effective_cost end as charged
    from part p
    join ingest_charge c on c.day = p.day and c.id = p.charge_id
    join ingest_chargeseries h on h.id = c.series_id
    join ingest_source s on s.id = c.source_id
    cross join lateral (select jsonb_build_object(
        'provider', h.provider, 'billing_account', h.billing_account_id,
        'service_category', h.service_category, 'sku', h.sku_id, 'sku_meter', h.sku_meter,
        'operation', h.operation, 'resource', h.resource_id, 'resource_type', h.resource_type,
        'instance_type', h.instance_type, 'zone', h.availability_zone,
        'pricing_category', h.pricing_category, 'charge_class', h.charge_class,
        'commitment', h.commitment_discount_id) as of) d
    where not exists (
            select from jsonb_each(%(series_filters)s::jsonb) f (name, accepted)
            where not f.accepted ? coalesce(d.of ->> f.name, h.tags ->> substr(f.name, 5), '')
        )
        and (%(f_invoice)s::text[] is null or c.invoice_id = any(%(f_invoice)s))
        and (%(f_source)s::text[] is null or s.name = any(%(f_source)s))
        and (%(f_account)s::text[] is null or h.sub_account_id = any(%(f_account)s))
        and (%(f_service)s::text[] is null or h.service_name = any(%(f_service)s))
        and (%(f_region)s::text[] is null or h.region_id = any(%(f_region)s))
        and (%(f_charge_category)s::text[] is null
            or h.charge_category = any(%(f_charge_category)s))
)
select
    what, service, resource_id, max(resource_name) as resource_name, charge_category, currency,
    rule_id, r.key as rule, r.version, r.title as rule_title, r.method, evidence,
    count(*) as charges, sum(charged) as charged, sum(part) as part,
    (array_agg(day order by abs(part) desc, day, charge_id))[1] as day,
    (array_agg(charge_id order by abs(part) desc, day, charge_id))[1] as charge_id
from priced
join attribution_allocationrule r on r.id = rule_id
group by
    what, service, resource_id, charge_category, currency, rule_id, r.key, r.version, r.title,
    r.method, evidence
order by part desc, what, resource_id, rule_id, evidence, service
