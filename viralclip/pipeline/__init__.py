"""Making clips: plain async functions, one file per stage, that know neither an engine nor HTTP."""
