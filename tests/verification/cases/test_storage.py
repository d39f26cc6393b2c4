"""Tests of stored documents: they come back whole or not at all, and only with the key."""

from __future__ import annotations

import base64
import os
import re
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured, SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from hypothesis import given
from hypothesis import strategies as st

from events.core.sealing import OVERHEAD, Damaged, KeyMissing, key_from, seal, unseal
from verification.cases import storage as storage_module
from verification.cases.storage import EncryptedStorage

KEY = bytes(range(32))
PLAIN = b"\xff\xd8\xff the licence of a company"


def written(key: bytes) -> str:
    return base64.b64encode(key).decode()


@pytest.fixture
def storage(tmp_path: Path) -> EncryptedStorage:
    return EncryptedStorage(tmp_path / "documents", written(KEY))


# --- Sealing --------------------------------------------------------------------------------------


@given(st.binary(max_size=2000), st.text(max_size=50))
def test_unseals_what_was_sealed(plain: bytes, name: str) -> None:
    sealed = seal(plain, KEY, name)
    assert unseal(sealed, [KEY], name) == plain
    assert len(sealed) == len(plain) + OVERHEAD


@given(st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(seal(PLAIN, KEY, "a/b"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises((Damaged, KeyMissing)):
        unseal(bytes(sealed), [KEY], "a/b")


@given(st.integers(0, len(PLAIN) + OVERHEAD - 1))
def test_any_shortening_is_noticed(length: int) -> None:
    with pytest.raises(Damaged):
        unseal(seal(PLAIN, KEY, "a/b")[:length], [KEY], "a/b")


def test_anything_added_is_noticed() -> None:
    with pytest.raises(Damaged):
        unseal(seal(PLAIN, KEY, "a/b") + b"\0", [KEY], "a/b")


def test_another_files_place_is_noticed() -> None:
    with pytest.raises(Damaged):
        unseal(seal(PLAIN, KEY, "a/b"), [KEY], "a/c")


def test_the_same_twice_looks_different() -> None:
    assert seal(PLAIN, KEY, "a/b") != seal(PLAIN, KEY, "a/b")


def test_a_retired_key_still_opens_and_a_strange_one_is_named() -> None:
    new, sealed = secrets.token_bytes(32), seal(PLAIN, KEY, "a/b")
    assert unseal(sealed, [new, KEY], "a/b") == PLAIN
    with pytest.raises(KeyMissing, match="unknown key"):
        unseal(sealed, [new], "a/b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "short",
        "!" * 44,
        base64.b64encode(bytes(31)).decode(),
        base64.b64encode(bytes(33)).decode(),
    ],
)
def test_a_key_that_is_none(text: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        key_from(text)
    assert not text or text not in str(caught.value)


# --- On disk --------------------------------------------------------------------------------------


def test_comes_back_whole(storage: EncryptedStorage) -> None:
    name = storage.save("营业执照 某某公司.jpg", ContentFile(PLAIN))
    assert re.fullmatch(r"[0-9a-f]{2}/[0-9a-f]{32}", name)
    with storage.open(name) as file:
        assert file.read() == PLAIN
    assert storage.size(name) == len(PLAIN)
    assert storage.exists(name)


def test_nothing_of_it_can_be_read_on_disk(storage: EncryptedStorage) -> None:
    name = storage.save("secret-company.jpg", ContentFile(PLAIN))
    on_disk = (storage.location / name).read_bytes()
    assert b"licence" not in on_disk
    assert b"\xff\xd8\xff" not in on_disk[:8]
    assert not [path for path in storage.location.rglob("*") if "secret" in path.name]


def test_only_this_user_may_look(storage: EncryptedStorage) -> None:
    before = os.umask(0)
    try:
        name = storage.save("x", ContentFile(PLAIN))
    finally:
        os.umask(before)
    file = storage.location / name
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (
        stat.S_IMODE(file.parent.stat().st_mode)
        == stat.S_IMODE(storage.location.stat().st_mode)
        == 0o700
    )


def test_two_files_of_one_name_are_two(storage: EncryptedStorage) -> None:
    first, second = (
        storage.save("page.jpg", ContentFile(b"1")),
        storage.save("page.jpg", ContentFile(b"2")),
    )
    assert storage.open(first).read() + storage.open(second).read() == b"12"


@pytest.mark.parametrize(
    "damage",
    [
        lambda sealed: sealed[:-1],
        lambda sealed: sealed[:40] + b"\0" + sealed[41:],
        lambda _: b"",
        lambda _: PLAIN,
    ],
)
def test_a_damaged_file_does_not_open(storage: EncryptedStorage, damage: object) -> None:
    name = storage.save("x", ContentFile(PLAIN * 10))
    file = storage.location / name
    file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]
    with pytest.raises(Damaged, match=name):
        storage.open(name)


def test_files_cannot_be_swapped(storage: EncryptedStorage) -> None:
    first, second = (
        storage.save("x", ContentFile(b"one company")),
        storage.save("x", ContentFile(b"another")),
    )
    (storage.location / second).write_bytes((storage.location / first).read_bytes())
    with pytest.raises(Damaged):
        storage.open(second)


def test_keys_are_changed_without_rewriting(tmp_path: Path) -> None:
    old, new = written(KEY), written(secrets.token_bytes(32))
    name = EncryptedStorage(tmp_path, old).save("x", ContentFile(PLAIN))
    changed = EncryptedStorage(tmp_path, new, retired_keys=[old])
    assert changed.open(name).read() == PLAIN
    newer = changed.save("x", ContentFile(PLAIN))
    assert EncryptedStorage(tmp_path, new).open(newer).read() == PLAIN
    with pytest.raises(KeyMissing):
        EncryptedStorage(tmp_path, new).open(name)


def test_a_write_that_fails_leaves_nothing(
    storage: EncryptedStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        storage.save("x", ContentFile(PLAIN))
    assert not [path for path in storage.location.rglob("*") if path.is_file()]


def test_deleting_twice_is_the_same_as_once(storage: EncryptedStorage) -> None:
    name = storage.save("x", ContentFile(PLAIN))
    storage.delete(name)
    storage.delete(name)
    assert not storage.exists(name)
    with pytest.raises(FileNotFoundError):
        storage.open(name)


def test_private_and_never_changed_in_place(storage: EncryptedStorage) -> None:
    name = storage.save("x", ContentFile(PLAIN))
    with pytest.raises(NotImplementedError, match="no URL"):
        storage.url(name)
    with pytest.raises(NotImplementedError):
        storage.path(name)
    with pytest.raises(ValueError, match="rb"):
        storage.open(name, "r+b")


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "aa/../../outside"])
def test_names_stay_inside(storage: EncryptedStorage, name: str) -> None:
    for deed in (storage.open, storage.exists, storage.delete, storage.size):
        with pytest.raises(SuspiciousFileOperation):
            deed(name)


def test_is_the_default_and_follows_the_settings(tmp_path: Path, settings: object) -> None:
    settings.DOCUMENTS_DIR = tmp_path / "elsewhere"  # type: ignore[attr-defined]
    name = default_storage.save("x", ContentFile(PLAIN))
    assert (tmp_path / "elsewhere" / name).is_file()
    assert default_storage.open(name).read() == PLAIN


def test_deconstructs() -> None:
    path, args, kwargs = EncryptedStorage().deconstruct()  # type: ignore[attr-defined]
    assert (path, args, kwargs) == ("verification.cases.storage.EncryptedStorage", (), {})


# --- A change of keys -----------------------------------------------------------------------------


@pytest.fixture
def changed(tmp_path: Path) -> tuple[EncryptedStorage, str, EncryptedStorage]:
    """A storage with two keys, a file under the older one, and a storage with the new key alone."""
    old, new = written(KEY), written(secrets.token_bytes(32))
    name = EncryptedStorage(tmp_path, old).save("x", ContentFile(PLAIN))
    both = EncryptedStorage(tmp_path, new, retired_keys=[old])
    return both, name, EncryptedStorage(tmp_path, new, retired_keys=[])


def test_a_file_moves_to_the_current_key_once(
    changed: tuple[EncryptedStorage, str, EncryptedStorage],
) -> None:
    both, name, only_new = changed
    assert list(both.names()) == [name]
    assert both.reseal(name) is True and both.reseal(name) is False
    assert only_new.open(name).read() == PLAIN
    assert [path.name for path in both.location.rglob("*") if path.is_file()] == [name[3:]]


def test_a_file_that_is_deleted_while_it_moves_stays_deleted(
    changed: tuple[EncryptedStorage, str, EncryptedStorage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been erased because its owner wished so."""
    both, name, _ = changed
    write_aside = storage_module._write_aside

    def deleted_meanwhile(aside: Path, content: bytes) -> None:
        write_aside(aside, content)
        both.delete(name)

    monkeypatch.setattr(storage_module, "_write_aside", deleted_meanwhile)
    with pytest.raises(FileNotFoundError):
        both.reseal(name)
    assert not [path for path in both.location.rglob("*") if path.is_file()]


def test_nothing_is_deleted_in_the_moment_of_the_move(
    changed: tuple[EncryptedStorage, str, EncryptedStorage],
) -> None:
    both, name, _ = changed
    other = EncryptedStorage(both.location, written(KEY))
    with ThreadPoolExecutor(1) as pool:
        with both._publishing():
            deletion = pool.submit(other.delete, name)
            with pytest.raises(TimeoutError):
                deletion.result(timeout=0.2)
            assert both.exists(name)
        deletion.result(timeout=5)
    assert not both.exists(name)


def test_a_broken_file_is_left_as_it_is(
    changed: tuple[EncryptedStorage, str, EncryptedStorage],
) -> None:
    both, name, _ = changed
    file = both.location / name
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(Damaged):
        both.reseal(name)
    assert file.exists()
