"""Pages: ``portal`` for travellers, ``desk`` for officers. Thin views over services and queries.

Rendered on the server; htmx only makes previews and progress livelier, everything works without
scripts. A GET changes nothing; the one thing a desk GET writes is the record of whom it showed.
May use every room.
"""
