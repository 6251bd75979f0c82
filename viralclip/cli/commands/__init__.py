"""The commands and their options; what they need is imported when they run: `--help` is quick."""
