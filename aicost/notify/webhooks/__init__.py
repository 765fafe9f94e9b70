"""What happens, told to programs: aicost.happenings → matched with endpoints → the outbox.

catalogue says which types there are and what each brings. See docs/webhooks.md.
"""
