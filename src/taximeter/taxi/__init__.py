"""The taxi core: NYC taxi trips in, one trained model and its numbers out.

It knows no tracker: `taximeter.taxi.experiment.train` logs to whatever run object it is given.
Import the modules directly; this file stays empty so that a help page costs nothing.
"""
