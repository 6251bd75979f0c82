"""Attacks on a real `viralclip serve` of this machine: `python -m bench.attack`.

One module for each attack. While they go on, another user asks and submits, and is measured.
"""
