"""What happened, for whoever wants to hear of it: a row in the transaction in which it did.

Every room writes here and none is imported; aicost.notify.webhooks reads. See docs/webhooks.md.
"""
