"""Diagnosis families of a crisis, as claims of its first day show them in both arms."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """Principal and second diagnosis (ICD-10-CM) of a crisis; `kind` is severe, ordinary or social."""

    diagnosis_1: str
    diagnosis_2: str
    kind: str


# Named as in the contract. A social one is what families call a crisis and EDs do not see: conflict at home, trouble at school.
FAMILIES = {
    "suicidality": Family("F32.9", "R45.851", "severe"),
    "self_harm": Family("F33.1", "T14.91XA", "severe"),
    "psychosis": Family("F29", "", "severe"),
    "mood": Family("F33.9", "", "ordinary"),
    "anxiety_trauma": Family("F43.10", "", "ordinary"),
    "disruptive": Family("F91.9", "", "ordinary"),
    "substance": Family("F12.10", "", "ordinary"),
    "social": Family("Z63.8", "Z55.3", "social"),
}
KINDS = [family.kind for family in FAMILIES.values()]

# The first problem of an episode and the family that its team writes on the claim; any other problem is social.
FAMILY_OF_PROBLEM = {
    "suicidality": "suicidality",
    "self_harm": "self_harm",
    "psychosis": "psychosis",
    "depression": "mood",
    "anxiety": "anxiety_trauma",
    "trauma": "anxiety_trauma",
    "aggression": "disruptive",
    "harm_to_others": "disruptive",
    "substance_use": "substance",
}
OTHERWISE = "social"

# A visit's diagnoses by the first definition of a behavioral ED visit that it meets: A a mental-health principal diagnosis,
# B a substance one, C suicidal ideation or self-harm, D a mental-health diagnosis in second place.
TIER_DIAGNOSES = {"a": ("F32.9", ""), "b": ("F10.10", ""), "c": ("R45.851", ""), "d": ("R10.9", "F41.9")}
