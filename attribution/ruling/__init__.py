"""Rules as people write them: conditions, checks, versions, files, and what a change would move."""
