"""Support plans as pages: who reaches fewer children than expected, where families drop off, what to do, and whether it worked.

sources.py     all that the pages are made from: Support, opened once a page
shown.py       what of it may be shown: counts, and ratios that would give them away
steps.py       causes and steps in the words of the page, and the actions that fit them
aims.py        aims worked out from what others reach, and whether the date is far enough to see them
worth.py       the standing cost of a crisis now and at what is expected, and what a break-even would take
page.py        a site's plan: this month's three things first, then why, the picture, the plan and its log
picture.py     the data picture of that page
log.py         the plan as written: story, aims, actions, tests of change, reviews
worked.py      did it work
overview.py    the state team's page: all sites, the rule's own errors, and the plans
rollout.py     how far the service has come
lots.py        python -m analysis.brief.support.lots: the order of starting, drawn by lot
drawn.py       lots that were drawn, and their test
start.py       python -m analysis.brief.support.start: a first draft and its form
"""
