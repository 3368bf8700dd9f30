from tests.sampling.conftest import disk_path

__all__ = ["disk_path"]
