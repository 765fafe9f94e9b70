create temp table attribution_target
    (like attribution_target including defaults including identity including generated
                             including indexes)
on commit drop
