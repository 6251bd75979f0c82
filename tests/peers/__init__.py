"""What viralclip speaks to, started by the tests themselves so that it can be broken."""
