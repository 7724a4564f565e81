"""Parts of all types, in great numbers, and what a list of them must be.

    parts       the model, the records, and a Python that lists them
    plans       what PostgreSQL did with a statement
"""
