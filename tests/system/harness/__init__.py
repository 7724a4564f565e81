"""What the system tests stand on: private servers, waiting with a deadline, and reading the stream.

    process     a process of ours: start, stop, kill, pause, its log
    engines     PostgreSQL and Redis as such processes
    cluster     one write, three reads and a bulkhead, on engines of their own
    gateways    gateways side by side, and their switches
    events      the stream and the table of events, decoded
    models      folders of models, with what a test adds
    versions    versions of a model, and servers of two of them side by side
    program     the program run to its end, for what keeps it from starting
    traces      everything that an installation keeps, for searching it
    redis_proxy what stands before Redis and refuses, breaks off, or is silent
    witness     a reader of the stream, who sees whether each event comes once and in order
    load        clients that write without pause, and what they were promised
    changes     clients that create, change and delete in great numbers
    keyed       clients that repeat each command, under its key, until it has an outcome
    live        clients of live events, as many as one likes
    connection  one kept connection, for clients that ask thousands of times
    raw         HTTP as bytes, for what no client library would send
"""
import os

# select() knows no descriptor above 1,023, and a run of all tests has more.
os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_selector")
