copy (select * from attribution_seriesclaim) to stdout
