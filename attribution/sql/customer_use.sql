-- The day's calls per customer. Calls that name no team are of the only team that pays for them.
with payer as (
    select model, workload, feature, experiment, team, environment,
           case when min(target_team) = max(target_team) then min(target_team) end as only_team
      from w_agrees
     where activity = 'inference'
     group by 1, 2, 3, 4, 5, 6
)
insert into attribution_customeruse
    (grain, day, customer, feature, model, team, requests, tokens)
select 'day', %(day)s, c.customer, c.feature, c.model,
       coalesce(nullif(c.team, ''), p.only_team, ''), sum(c.requests), sum(c.tokens)
  from w_call c
  left join payer p using (model, workload, feature, experiment, team, environment)
 where c.activity = 'inference'
 group by 3, 4, 5, 6
