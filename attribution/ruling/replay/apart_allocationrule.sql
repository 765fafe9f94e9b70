create temp table attribution_allocationrule on commit drop as
select * from attribution_allocationrule with no data
