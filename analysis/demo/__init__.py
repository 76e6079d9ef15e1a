"""A made-up state whose truth is known: its sites, children and crises, and raw files as dirty as real ones.

    parts.py       the parts of params/demo/state.yml as frozen records
    scenario.py    the whole of it, what a scenario changes, and the named random streams
    draws.py       the random draws that all of them share
    counties.py    population: real under-18 counts, the rest made up
    sites.py       sites, the counties in their care, and each day's children
    episodes.py    how many crises, when, and which child's
    responses.py   who asked, why, what was given and how it ended
    lost.py        requests that never become an episode, and why
    clocks.py      when the team was sent, came and left
    crises.py      is the crisis an ED visit without the service and with it, and what the caller says
    placement.py   where children live at the call and at discharge, and when stabilization began
    children.py    sex, race and ethnicity, and insurance
    first_response.py   who went out, and what was done
    companions/    the tables beside the episodes: contacts, scales, referrals, calls, staff and the rest
    linked/        the linked study: claims, enrollment, placements, detentions, and what either response would have led to
    program.py     what the service costs: params/demo/program.csv
    state.py       State: all of it, clean, with the truth
    dirt.py        what is wrong with the raw files, counted
    records.py     the raw files and the truth on disk

`python -m analysis.demo` writes data/raw/demo/ and data/truth/demo/<scenario>/; with --program it writes
params/demo/program.csv instead. Nothing outside this room and the tests reads the truth.
"""
