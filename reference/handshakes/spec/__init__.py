"""The specification as data: registers of clauses, vectors, their ids, and what checks them.

What is needed of a platform (its operations, readings, settings) is passed in.
"""
