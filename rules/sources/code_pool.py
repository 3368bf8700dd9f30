"""Reads code images: copies of the benchmark's source, named by the hash of them.

The hash is that of rule 2.1.6: MD5 over the files in the order of their paths' bytes,
each as its path followed by its content, without what tools and systems leave behind.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rules.sources.document import json_document, missing
from rules.sources.folder import Folder, UnreadableError
from rules.stored import CodeImage, CodePool, Directory

IMAGE = re.compile(r"code-[0-9a-f]{8}")
MARKER = ".mlps-image-pool"
RECORD = ".code-hash.json"
WHOLE_TREE = "code-images"
MAX_IMAGE_BYTES = 512 * 2**20
_LEFT_OUT_FOLDERS = re.compile(
    r"\.(?:git|idea|vscode|claude|agents?|roo|planning|gsd-tmp|pytest_cache|venv|tox)"
    r"|__pycache__|node_modules|build|dist|tests?"
)
_LEFT_OUT_FILES = re.compile(r"\.code-hash\.json|.*\.py[co]")
_EGG = ".egg-info"


def pools(root: Path, top: Directory) -> Iterator[CodePool]:
    """Read the pools beside the divisions in `top`; nothing is hashed yet."""
    for folder in top.folders:
        marked = MARKER in folder.files
        found = [sub for sub in folder.folders if IMAGE.fullmatch(sub.name)]
        whole = folder.name == WHOLE_TREE
        if marked or found or whole:
            yield CodePool(
                where=folder.where,
                organisation="" if whole else folder.name,
                marked=marked,
                images=tuple(image(root, sub) for sub in found),
            )


def hashed_pool(root: Path, pool: CodePool) -> CodePool:
    """Hash every image of a pool."""
    return replace(pool, images=tuple(hashed(root, one) for one in pool.images))


def image(root: Path, folder: Directory) -> CodeImage:
    """Read what a code folder says of itself."""
    where = f"{folder.where}/{RECORD}"
    if RECORD not in folder.files:
        return CodeImage(folder=folder, record=missing(where))
    return CodeImage(
        folder=folder, record=json_document(Folder(root / folder.where), RECORD, where)
    )


def hashed(root: Path, found: CodeImage) -> CodeImage:
    """Hash the contents of an image, or say why that can't be done.

    The rule leaves certain folders out wherever they are; the first tools did so at
    the top of the image only. Both digests are given where they differ.
    """
    if not found.record.readable:
        return found
    digests = [hashlib.md5(usedforsecurity=False) for _ in range(2)]
    folder, left = Folder(root / found.folder.where), MAX_IMAGE_BYTES
    path = RECORD
    try:
        for path, deep in sorted(_files(found.folder), key=lambda f: f[0].encode()):
            data = folder.read(path, left)
            left -= len(data)
            for digest in digests[1:] if deep else digests:
                digest.update(path.encode())
                digest.update(data)
    except UnreadableError as error:
        return replace(found, fault=f"{path}: {error}")
    except UnicodeEncodeError:
        return replace(found, fault="a file name in it is no text")
    return replace(found, digests=tuple(dict.fromkeys(d.hexdigest() for d in digests)))


def _files(top: Directory) -> Iterator[tuple[str, bool]]:
    """Paths in an image, and whether only the first tools' hash has them."""
    stack = [(top, "", False)]
    while stack:
        folder, path, deep = stack.pop()
        for name in folder.files:
            if not _LEFT_OUT_FILES.fullmatch(name):
                yield f"{path}{name}", deep
        for sub in folder.folders:
            left_out = bool(_LEFT_OUT_FOLDERS.fullmatch(sub.name))
            if sub.name.endswith(_EGG) or (left_out and folder is top):
                continue
            stack.append((sub, f"{path}{sub.name}/", deep or left_out))
