"""Turns speech into words: engines, their models, and a process that listens to a source."""
