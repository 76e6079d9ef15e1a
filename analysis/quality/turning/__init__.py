"""Did a support plan turn the curve? What was seen after it began, and what would have been seen without it.

change.py      use after the start against before, beside comparable sites in the same months
rise.py        how far a site that was picked for being low rises by itself (regression to the mean)
lot.py         the order of starting, drawn by lot, and the test that the lot makes lawful
"""
