"""Attacks on the served partners: those of the lessons, of the fact sheets and of the second round.

`python -m tests.attacks` prints them as a table, with the tests that hold those that are not tried here.
"""
