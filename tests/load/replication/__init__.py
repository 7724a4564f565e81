"""What comparisons/replication.py is made of.

    side        what both sides have: a source, three replicas, and how they are watched
    mamparo     ours: the backlog is written while nothing publishes
    postgresql  theirs: a publication and three subscriptions
"""
