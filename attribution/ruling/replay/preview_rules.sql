-- The rules of now; those being written are added to this copy.
create temp table attribution_allocationrule on commit drop as
select * from attribution_allocationrule where id = any(%(rules)s)
