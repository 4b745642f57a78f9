"""The journal: what a run acknowledges, on disk before the call returns.

`segment` writes and reads the files of events, `folder` knows where a run keeps them, `home` knows every run of a
journal folder and what is still to be delivered.
"""
