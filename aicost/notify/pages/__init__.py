"""Pages of what is sent."""
