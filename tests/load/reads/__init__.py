"""What tests/load/reads.py is made of.

    entries     a table of a million of them, and what is asked for
    statements  the very SQL that our server sends, as PostgreSQL's log has it
    rivals      who is measured: ours by wrk, pgbench, Django by wrk
"""
