-- All parts of one charge with their weights in both stages; a scoped asker gets only their own.
select
    t.kind, t.state, t.activity, t.workload, t.model, t.feature, t.experiment, t.team,
    t.environment, a.evidence, a.weight, a.total_weight, a.weight2, a.total_weight2,
    case %(basis)s when 'billed' then a.billed_cost else a.effective_cost end as cost,
    (%(f_feature)s::text[] is null or t.feature = any(%(f_feature)s))
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
        and (%(f_layer)s::text[] is null or aicost_layer(t.kind, t.activity, exists (
            select from ingest_charge c
            join ingest_chargeseries h on h.id = c.series_id
            join attribution_modelapi i on i.source_id = h.source_id
                and i.service_name = h.service_name
            where c.day = a.day and c.id = a.charge_id)) = any(%(f_layer)s))
        and (%(f_evidence)s::text[] is null or a.evidence = any(%(f_evidence)s))
        and not exists (
            select from jsonb_each(%(above_filters)s::jsonb) f (level, accepted)
            where not f.accepted ? coalesce(
                (select e.above from attribution_entityabove e
                    where e.level = f.level and (e.dimension, e.name) in (('model', t.model),
                        ('feature', t.feature), ('team', t.team), ('experiment', t.experiment))
                        and (e.valid_from is null or e.valid_from <= a.day)
                        and (e.valid_to is null or e.valid_to > a.day)),
                case f.level when 'base_model' then t.model else '' end)
        ) as chosen
from attribution_allocatedcharge a
join attribution_target t on t.id = a.target_id
where a.source_id = %(source)s and a.day = %(day)s and a.charge_id = %(charge)s
    and (%(teams)s::text[] is null or t.team = any(%(teams)s))
order by
    array_position(array['workload', 'idle', 'shared', 'unattributed'], t.kind), t.state,
    a.weight desc, a.weight2 desc nulls last, t.feature, t.workload, t.model, t.experiment, t.team,
    t.environment, t.activity
