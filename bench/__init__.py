"""How fast and how small viralclip is, as ratios measured in one run: `python -m bench`."""
