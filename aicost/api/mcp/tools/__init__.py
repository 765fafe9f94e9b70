"""The tools, one module each, in the order a client lists them."""

from aicost.api.mcp.base import Tool
from aicost.api.mcp.tools import (
    anomalies,
    budget_status,
    compare_periods,
    data_freshness,
    explain_number,
    forecast,
    list_dimensions,
    margin,
    query_costs,
    search_values,
    unit_costs,
)

TOOLS: tuple[Tool, ...] = (
    list_dimensions.TOOL,
    search_values.TOOL,
    query_costs.TOOL,
    compare_periods.TOOL,
    unit_costs.TOOL,
    margin.TOOL,
    anomalies.TOOL,
    budget_status.TOOL,
    forecast.TOOL,
    explain_number.TOOL,
    data_freshness.TOOL,
)
