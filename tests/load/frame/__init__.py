"""What every comparison stands on.

    measurement  one number of one side, and what is to be reached
    plan         how much is measured, and in which order
    results      the numbers of all rounds; kept between runs
    judgement    ratios by round, and whether an aim is met
    report       the one table, on the terminal and as RESULTS.md
    charts       the same, drawn
    machine      on what, and with which versions
    tools        our own client, and servers that do nothing, of tools/
    rivals       wrk, pgbench and Django, each asked in its own way
    upkeep       memory, CPU time and descriptors of a process
    arrival      when what was acknowledged had got to every replica
    durable      a PostgreSQL with fsync
    chores       mamparo migrate and verify
"""
