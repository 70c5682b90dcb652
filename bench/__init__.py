"""Benchmarks: our way against another, interleaved in one run, as ratios.

A machine's speed differs from day to day and from the next machine's; a ratio holds.
"""
