"""Who is who: the keys that agencies give to one child, joined, counted, and replaced on entry.

secret.py    the key under which identifiers are hashed: never in the workspace, never shown
keys.py      one system's keys as they are compared
links.py     keys that belong to one child, by the crosswalk; conflicts are kept apart
names.py     the step by name and birth date, off unless a study asks for it
report.py    linkage.csv: who was linked, by which step, who was not
"""
