"""An autoscaled group of bulkheads on one machine.

    rule     how many there are to be, as Google documents it
    group    bulkheads that each have a share of a CPU
    scene    a group behind a load balancer, and who keeps its size
    chart    what happened, over time
"""
