"""Judging a partner that runs anywhere: a simulator on loopback, whose customer a program plays."""
