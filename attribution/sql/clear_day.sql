with ledger as (
    delete from attribution_allocatedcharge where source_id = %(source)s and day = %(day)s
), rollup as (
    delete from attribution_costday
     where source_id = %(source)s and day = %(day)s and not is_month_spread
), sums as (
    delete from attribution_costsum
     where grain in ('target', 'service', 'period') and source_id = %(source)s and day = %(day)s
       and not is_month_spread
), hours as (
    delete from attribution_gpuhour where source_id = %(source)s and day = %(day)s
)
delete from attribution_gpuday where source_id = %(source)s and day = %(day)s
