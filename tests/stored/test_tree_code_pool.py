"""The hash of a code image: which files are in it, and in which order."""

import hashlib

import pytest

from rules.sources import code_pool
from rules.sources.walk import walk
from tests.stored.files import Files

RECORD = {"hash": "0" * 32, "algorithm": "md5-tree-v2"}


def digests(tmp_path, files):
    Files({f"code/{path}": text for path, text in files.items()}).write(tmp_path)
    Files({"code/.code-hash.json": RECORD}).write(tmp_path)
    root, _ = walk(tmp_path)
    return code_pool.hashed(tmp_path, code_pool.image(tmp_path, root.folders[0]))


def md5(*parts):
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()


def test_paths_in_the_order_of_their_bytes(tmp_path):
    files = {"b.py": "B", "a/z.py": "Z", "a.py": "A", "B.py": "C"}
    parts = ("B.py", "C", "a.py", "A", "a/z.py", "Z", "b.py", "B")
    assert digests(tmp_path, files).digests == (md5(*parts),)


@pytest.mark.parametrize(
    "path",
    [
        ".git/HEAD",
        "tests/a.py",
        "build/x",
        ".venv/bin/python",
        "pkg.egg-info/PKG-INFO",
        "deep/pkg.egg-info/x",
        "a.pyc",
        "deep/a.pyo",
        ".DS_Store",
        "._a.py",
    ],
)
def test_left_out(tmp_path, path):
    assert digests(tmp_path, {"a.py": "A", path: "x"}).digests == (md5("a.py", "A"),)


def test_deep_folders_are_left_out_one_way_and_kept_the_other(tmp_path):
    found = digests(tmp_path, {"a.py": "A", "b/tests/c.py": "C", "b/d.py": "D"})
    assert found.digests == (
        md5("a.py", "A", "b/d.py", "D"),
        md5("a.py", "A", "b/d.py", "D", "b/tests/c.py", "C"),
    )


def test_links_are_left_out(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "link.py").symlink_to("/etc/passwd")
    assert digests(tmp_path, {"a.py": "A"}).digests == (md5("a.py", "A"),)


def test_without_a_record_nothing_is_hashed(tmp_path):
    Files({"code/a.py": "A"}).write(tmp_path)
    root, _ = walk(tmp_path)
    image = code_pool.image(tmp_path, root.folders[0])
    assert image.record.missing
    assert code_pool.hashed(tmp_path, image).digests == ()


def test_too_large_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(code_pool, "MAX_IMAGE_BYTES", 3)
    found = digests(tmp_path, {"a.py": "AA", "b.py": "BB"})
    assert found.digests == ()
    assert found.fault.startswith("b.py: larger than")


def test_pools_of_a_tree_and_of_a_submitter(tmp_path):
    Files(
        {
            "code-images/.mlps-image-pool": "",
            "code-images/code-00000000/a.py": "A",
            "acme/code-11111111/a.py": "A",
            "closed/acme/results/x": "",
        }
    ).write(tmp_path)
    root, _ = walk(tmp_path)
    found = {
        pool.where: (pool.organisation, pool.marked, len(pool.images))
        for pool in code_pool.pools(tmp_path, root)
    }
    assert found == {"acme": ("acme", False, 1), "code-images": ("", True, 1)}
