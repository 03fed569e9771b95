"""One folder a channel; each has ``open_session`` and knows only ``delivery.types``."""
