create index on stage_pod (node, cluster, hour)
