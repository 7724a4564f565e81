"""What tests/load/gateway.py is made of.

    client.c    measures every request, at a fixed rate or as fast as it can; tally.c counts
    backend.c   a server behind that can be told how to behave, and counts attempts
    sides       who is measured: Mamparo, HAProxy, nginx, each with its configuration
    stage       one side before fresh servers, and clients of it
    cases       those of the issue, each measured on a stage
    aims        what is to be reached, and the table
"""
