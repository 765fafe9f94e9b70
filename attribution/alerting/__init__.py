"""What the ledger noticed, told once: a look at the ledger becomes alerts with a state.

series → judging → told → merging → store. Money comes from reports; judging, told, merging and
words know no database. See docs/alerts.md.
"""
