"""`viralclip doctor`: which mode runs, how each part is, and what to do about what is wrong."""
