"""What comparisons/reads.py and growth.py are made of.

    entries     a table of a million of them, and what is asked for
    statements  the very SQL that our server sends, as PostgreSQL's log has it
"""
