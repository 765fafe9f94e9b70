create temp table attribution_allocatedcharge on commit drop as
select * from attribution_allocatedcharge with no data
