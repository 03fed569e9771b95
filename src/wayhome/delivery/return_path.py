"""The envelope's sender of each message, signed: where its bounce comes back names its delivery."""


def return_path(issue_id: int, letter_id: int, contact_point_id: int, channel: str) -> str:
    """The address that bounces of one delivery come back to; empty where none is set."""
    return ""
