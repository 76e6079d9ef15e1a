"""Measures: what the records say about a service, by place and period, each figure with its denominator.

cards.py        params/measures.yml: one card a measure, with the study's own clocks and targets in place
measures.py     one function a measure, named like its card: one value for each episode that belongs
waits.py        minutes on a response clock
exposure.py     months of service and child-years behind a count
counts.py       the table: a measure, stratum, place and period a row
intervals.py    exact and score intervals
comparisons.py  a change, a target met or missed, the bounds of a share that was not fully recorded
charts/         control charts, run charts, funnels, waiting curves; which for which measure, and what the last point says

intervals, waits <- measures <- cards <- exposure <- counts <- comparisons, charts
"""
