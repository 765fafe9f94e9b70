"""The queries of load_rows and maps, one a file."""
