#!/usr/bin/python3
"""Half load for half an hour (--minutes): memory and descriptors flat, no error, replicas equal."""
import sys

from run import main

if __name__ == "__main__":
    main(["--only", "soak", *sys.argv[1:]])
