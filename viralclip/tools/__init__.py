"""Tools of those who change viralclip."""
