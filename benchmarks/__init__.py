"""taximeter's own targets, measured side by side with the vendors' own calls: ``python -m benchmarks``.

Every sample comes from processes of its own, on stores of its own; each repetition goes through all of them, so
that all see the same weather; and what is compared was measured one after the other in the same repetition.
"""
