-- Most series are of no interest on single days: without statistics all charges would be hashed.
analyze p_group (by_day), p_series (series_id)
