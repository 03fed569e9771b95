"""Moving people between instances, so that nobody must enrol again (docs/reference/moving.md).

``keys`` and ``sealed`` are the envelope, ``shape`` is what stands in it, ``leaving`` writes it and
``arriving`` reads it.
"""
