"""The fault matrix: each fault under load, then what was promised is counted.

    run          the command: runs the table, prints a row for each fault
    fault        what a fault is, and the table of them, which the of_… files fill
    world        an installation to be broken: two write servers, three replicas, a gateway
    traffic      64 clients with mixed commands on 1,000 records, and what they were promised
    proof        what was promised, counted; and whether all replicas are equal
    wire         hosts of their own (network namespaces), and a wire between them that can fail
    of_…         the faults: of the write servers, Redis, the read servers, PostgreSQL, …
"""
