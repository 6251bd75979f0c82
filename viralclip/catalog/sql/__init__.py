"""The catalog's tables in SQLite or PostgreSQL: a file for each, over one opened database."""
