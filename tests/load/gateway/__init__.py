"""What comparisons/gateway.py and faults.py are made of.

    sides       who is measured: Mamparo, HAProxy, nginx, each with its configuration
    stage       one side before fresh servers, and clients of it
    cases       what is measured on a stage
"""
