"""What is sent: channels, the outbox, digests and the routing of alerts; see docs/notify.md.

This room stands above the pages: a digest asks and words its figures as they do.
"""
