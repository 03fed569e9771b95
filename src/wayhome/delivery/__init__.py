"""Delivery: one message for each issue, contact point and channel, tried until the relay takes it.

``planning`` writes audience, deliveries and slices in chunks; ``sending`` leases a slice and hands
it to a channel outside any transaction. A channel knows only ``delivery.types``. May use every
room down to ``audience``.
"""
