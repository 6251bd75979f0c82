"""The catalog's tables in Firestore, a file for each.

Every query is a range over one field or compares for equality: a fresh database needs no index.
What depends on what is stored already is a compare-and-set on the document's time of change.
"""
