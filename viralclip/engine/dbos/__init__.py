"""Durable execution by DBOS Transact: in a SQLite file, or in PostgreSQL for a fleet."""
