copy (select * from attribution_allocationrule) to stdout
