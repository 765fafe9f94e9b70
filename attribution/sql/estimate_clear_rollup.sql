delete from attribution_estimatedday where day = %(day)s
