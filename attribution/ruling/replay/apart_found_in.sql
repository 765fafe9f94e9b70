copy p_found from stdin
