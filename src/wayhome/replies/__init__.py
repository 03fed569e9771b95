"""Replies: what came back, each a claim with its channel, device and time.

Recording one tells ``replies.recorded``. A link shows one adult and the minors in their care; a
GET changes nothing. May use every room down to ``delivery``.
"""
