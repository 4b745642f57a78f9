"""Measures what each tracker costs, survives and loses; `taximeter.measure.kinds` are what there is to measure.

The rules: every sample comes from processes of its own; samples are interleaved and repeated; vendors have their
documented defaults; a failure is a sample with a reason; and a result is never written over.
This module imports nothing: what measures must not be in the memory of what is measured.
"""
