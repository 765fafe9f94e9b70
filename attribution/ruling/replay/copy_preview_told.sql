copy p_told (series_id, side, no) from stdin
