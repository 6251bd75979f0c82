"""How words are drawn over a clip: which are shown together, in which lines, where and in what."""
