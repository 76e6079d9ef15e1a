"""Where families drop off on the way from a call to care, and how much of a site's gap each step accounts for.

path.py        the steps from contact to linked, counted by site, against the median of comparable sites
cells.py       who asked and whether a team was on duty at that hour, against what other sites see
    bases.py       who calls, out of those who could
account.py     the gap in families a month, step by step, with its uncertainty and the leading cause
cover.py       hours of the week without a team, beside the demand that falls into them
"""
