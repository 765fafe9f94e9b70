-- Whether money, a call, a run, a row of the business or somebody ever named it so: a name of a
-- dimension of the ledger, of what stands above these, or a customer.
select
    exists (
        select from attribution_target t
        where %(name)s = case %(dimension)s
            when 'workload' then t.workload when 'model' then t.model
            when 'feature' then t.feature when 'experiment' then t.experiment
            when 'team' then t.team when 'environment' then t.environment end
    )
    or exists (select from attribution_entity where dimension = %(dimension)s and name = %(name)s)
    or exists (
        select from attribution_entityparent
        where (dimension = %(dimension)s and name = %(name)s)
            or (level = %(dimension)s and parent = %(name)s)
    )
    or exists (select from ingest_alias where dimension = %(dimension)s and canonical = %(name)s)
    or exists (select from accounts_team where %(dimension)s = 'team' and name = %(name)s)
    or exists (
        select from ingest_customer where %(dimension)s = 'customer' and customer = %(name)s
    )
    or exists (
        select from ingest_revenue r
        where %(name)s = case %(dimension)s
            when 'customer' then r.customer when 'feature' then r.feature end
    )
    or exists (
        select from attribution_customeruse
        where %(dimension)s = 'customer' and customer = %(name)s
    )
    or exists (
        select from ingest_outcome o
        where %(name)s = case %(dimension)s
            when 'feature' then o.feature when 'model' then o.model
            when 'experiment' then o.experiment when 'customer' then o.customer end
    )
    or exists (
        select from ingest_qualityscore q
        where %(name)s = case %(dimension)s
            when 'model' then q.model when 'experiment' then q.experiment end
    )
    or exists (
        select from ingest_trainingrun n
        where %(name)s = case %(dimension)s
            when 'experiment' then n.experiment when 'model' then n.model
            when 'feature' then n.feature when 'team' then n.team
            when 'environment' then n.environment end
    )
    or exists (
        select from ingest_usageday u
        where %(name)s = case %(dimension)s
            when 'model' then u.model when 'feature' then u.feature
            when 'workload' then u.workload when 'experiment' then u.experiment
            when 'team' then u.team when 'environment' then u.environment end
    ) as known
