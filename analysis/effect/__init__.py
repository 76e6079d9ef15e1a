"""What the service changed, as far as the data can say. From episodes alone: bounds, never an effect.

index_crisis.py   ED visits at the index crisis: how many would have been, and how many were
repeats.py        another crisis of the same child within a window
placements.py     where children lived at the call and at discharge

Of the linked study, before anything is compared:

balance.py        how far apart the two groups are before the first response, with or without weights
watching.py       how long children are watched, and why no longer
"""
