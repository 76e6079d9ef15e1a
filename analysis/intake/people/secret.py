"""The key under which identifiers are hashed: from the environment or a file outside the workspace, never kept, never shown."""

import hmac
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from analysis.intake.mapping import Source
from analysis.intake.raw import IntakeError
from analysis.intake.source import identifying_columns
from analysis.params import ROOT, Record, Study, Words, read_record

VARIABLE, FILE_VARIABLE = "MRSS_KEY", "MRSS_KEY_FILE"
# 32 characters of hexadecimal are 128 bits: what cannot be tried out.
SHORTEST = 32
HASH_DIGITS = 32
HOW_TO = 'Make one with: python -c "import secrets; print(secrets.token_hex(32))"'


class PublicKey(Record):
    """params/demo/public_key.yml: the key of data that hold nobody's identifiers. It is public, and protects nothing."""

    public_key: Words


def secret_key(study: Study, source: Source, *, root: Path = ROOT) -> bytes:
    """The key of the study's hashes; one sentence (IntakeError) where it needs a secret one and has none that can be used.

    A study whose people are made up, or whose sender has replaced every identifier (`replaced_by_sender` of source.yml), uses
    the public key of params/demo/. Every other one that maps an identifying column needs a key of its own.
    """
    if study.made_up or source.replaced_by_sender or not identifying_columns(source):
        return _public(root)
    text, file = os.environ.get(VARIABLE), os.environ.get(FILE_VARIABLE)
    if text and file:
        raise IntakeError(
            f"Both {VARIABLE} and {FILE_VARIABLE} are set. Unset one of them, so that it is clear which key counts."
        )
    if not text and not file:
        raise IntakeError(_none_given(study, source, root))
    origin = VARIABLE if text else f"the file that {FILE_VARIABLE} names"
    key = (text or _read(Path(file), root)).strip()
    if len(key) < SHORTEST:
        raise IntakeError(f"{origin} holds fewer than {SHORTEST} characters: a key that can be tried out. {HOW_TO}")
    if key == _public(root).decode():
        raise IntakeError(f"{origin} holds the public key of the made-up state, which hides nothing. {HOW_TO}")
    return key.encode()


def _public(root: Path) -> bytes:
    own = root / "params" / "demo" / "public_key.yml"
    return read_record(
        own if own.is_file() else ROOT / "params" / "demo" / "public_key.yml", PublicKey
    ).public_key.encode()


def _none_given(study: Study, source: Source, root: Path) -> str:
    columns = identifying_columns(source)
    shown = ", ".join(columns[:3]) + (f" and {len(columns) - 3} more" if len(columns) > 3 else "")
    before = root / "data" / "raw" / study.name / ".crosswalk.key"
    old = (
        f" The key of earlier runs lies in {before.relative_to(root).as_posix()}: move it out and name it."
        if before.is_file()
        else ""
    )
    return (
        f"{study.name} maps identifying columns ({shown}) and no secret key is set: set {VARIABLE} to one, or {FILE_VARIABLE} to a "
        f"file outside the workspace that holds one. {HOW_TO}; keep it, or later hashes match none of these.{old}"
    )


def _read(path: Path, root: Path) -> str:
    """What the key file holds; a file inside the workspace is refused, however it is reached."""
    try:
        place = path.expanduser().resolve(strict=True)
        inside = any(place.is_relative_to(each.resolve()) for each in (root, ROOT))
        if inside:
            raise IntakeError(
                f"{FILE_VARIABLE} names a file inside the workspace, from where a key gets into copies, backups and git. Move it out."
            )
        return place.read_text(encoding="ascii")
    except (OSError, RuntimeError):
        raise IntakeError(
            f"{FILE_VARIABLE} names a file that cannot be read. Correct the path, or allow reading."
        ) from None
    except UnicodeDecodeError:
        raise IntakeError(f"The file that {FILE_VARIABLE} names is not plain text. {HOW_TO}") from None


def keyed_hash(identifier: str, key: bytes) -> str:
    """HMAC-SHA256 of an agency's identifier, its first 32 hexadecimal digits (RFC 2104; 128 bits are left).

    >>> keyed_hash("A-17", b"secret") == keyed_hash("A-17", b"secret"), keyed_hash("A-17", b"other") == keyed_hash("A-17", b"secret")
    (True, False)
    """
    return next(keyed_hashes([identifier], key))


def keyed_hashes(identifiers: Iterable[str], key: bytes) -> Iterator[str]:
    """`keyed_hash` of each identifier; the key itself is hashed once."""
    begun = hmac.new(key, digestmod="sha256")
    for identifier in identifiers:
        hashed = begun.copy()
        hashed.update(identifier.encode())
        yield hashed.hexdigest()[:HASH_DIGITS]
