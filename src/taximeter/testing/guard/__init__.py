"""The folder that guarded processes have on their ``PYTHONPATH``; see `sitecustomize`."""
