analyze stage_node (trace_id, span_id, is_call, is_new)
