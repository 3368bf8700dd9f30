"""Facts that a leaf of a published tree records more than once, and where."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rules import vector_record
from rules.catalogue import fact_values as values
from rules.catalogue.fact_values import Read
from rules.sources.layout import STAMP
from rules.stored import Category, Document, Leaf, Workload, as_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of a fact: its value, and the file and key where it stands."""

    place: str
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a fact stands: a document of the leaf, its keys, and how it is read."""

    document: str
    keys: tuple[str, ...]
    read: Read | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact, how its values are read and compared, and where they stand.

    What can't be read as the fact says nothing about it: `read` gives None. `path` is
    what folders' names say; `categories` are those it belongs to, none means all.
    """

    name: str
    read: Read
    places: Sequence[Place]
    same: Callable[[object, object], bool] = lambda one, other: one == other
    path: Callable[[Workload, Leaf], object] = lambda *_: None
    categories: Sequence[Category] = ()


def facts(workload: Workload, leaf: Leaf) -> Iterator[tuple[Fact, list[Record]]]:
    """Each fact of the category, and every record of it that says something."""
    documents = {
        "summary": leaf.summary,
        "metadata": leaf.metadata,
        "config": leaf.config,
        "probe": leaf.fs_separation,
        "provenance": leaf.provenance,
        "pointer": leaf.pointer,
        "verdict": leaf.verdict,
        "config.json": vector_record.file(leaf, "config.json"),
    }
    known = {name: found for name, found in documents.items() if found.readable}
    for fact in FACTS:
        if not fact.categories or workload.category in fact.categories:
            yield fact, _records(fact, workload, leaf, known)


def _records(
    fact: Fact, workload: Workload, leaf: Leaf, documents: Mapping[str, Document]
) -> list[Record]:
    named = fact.read(fact.path(workload, leaf))
    found = [] if named is None else [Record(place="the folder", value=named)]
    for place in fact.places:
        document = documents.get(place.document)
        if document is None or not document.has(*place.keys):
            continue
        value = (place.read or fact.read)(document.value(*place.keys))
        if value is not None:
            name = document.where.rpartition("/")[2]
            found.append(Record(place=".".join((name, *place.keys)), value=value))
    return found


def _at(document: str, *keys: str, read: Read | None = None) -> Place:
    return Place(document=document, keys=keys, read=read)


_CHECKPOINTS = (Category.CHECKPOINTING,)
_VECTORS = (Category.VECTOR_DATABASE,)
_SNAPSHOTS = (("system_info",), ("cluster_snapshots", "start"))
_ALL_SNAPSHOTS = (*_SNAPSHOTS, ("cluster_snapshots", "end"))


def _everywhere(*keys: str, read: Read | None = None) -> list[Place]:
    """One key of every snapshot of the hosts."""
    return [_at("metadata", *snap, *keys, read=read) for snap in _ALL_SNAPSHOTS]


FACTS: Sequence[Fact] = (
    Fact(
        name="kind of benchmark",
        read=values.kind,
        path=lambda workload, _: workload.category.value,
        places=(
            _at("metadata", "benchmark_type"),
            _at("metadata", "args", "benchmark"),
        ),
    ),
    Fact(
        name="phase",
        read=values.phase,
        path=lambda _, leaf: leaf.phase,
        places=(_at("metadata", "command"), _at("metadata", "args", "command")),
    ),
    Fact(
        name="division",
        read=values.word,
        path=lambda workload, _: workload.division,
        places=(_at("metadata", "args", "mode"),),
        same=values.claimable,
    ),
    Fact(
        name="model",
        read=values.word,
        path=lambda workload, _: workload.model,
        places=(
            _at("metadata", "model"),
            _at("metadata", "args", "model"),
            _at("metadata", "parameters", "model", "name"),
            _at("config", "workload", "model", "name"),
            _at("config", "workload", "model"),
        ),
        categories=(Category.TRAINING,),
    ),
    Fact(
        name="model",
        read=values.word,
        path=lambda workload, _: workload.model,
        places=(
            _at("metadata", "model"),
            _at("metadata", "args", "model"),
            _at("metadata", "kvcache_model"),
            _at("metadata", "parameters", "model"),
        ),
        categories=(Category.CHECKPOINTING, Category.KV_CACHE),
    ),
    Fact(
        name="database and index",
        read=values.word,
        path=lambda workload, _: (
            f"{workload.engine}_{workload.model}" if workload.engine else None
        ),
        places=(_at("metadata", "model"), _at("metadata", "args", "model")),
        categories=_VECTORS,
    ),
    Fact(
        name="database",
        read=values.word,
        path=lambda workload, _: workload.engine,
        places=(
            _at("metadata", "vdb_engine"),
            _at("metadata", "args", "vdb_engine"),
            _at("summary", "database", "database"),
        ),
        categories=_VECTORS,
    ),
    Fact(
        name="index",
        read=values.word,
        path=lambda workload, _: workload.model,
        places=(
            _at("metadata", "vdb_index"),
            _at("metadata", "args", "vdb_index"),
            _at("metadata", "args", "index_type"),
            _at("summary", "index_type"),
            _at("config.json", "index_type"),
        ),
        categories=_VECTORS,
    ),
    Fact(
        name="dimension",
        read=as_number,
        places=(
            _at("summary", "dimension"),
            _at("config.json", "vector_dim"),
            _at("metadata", "args", "dimension"),
            _at("metadata", "args", "vector_dim"),
        ),
        categories=_VECTORS,
    ),
    Fact(
        name="vectors",
        read=as_number,
        places=(
            _at("summary", "num_vectors"),
            _at("metadata", "args", "num_vectors"),
            _at("verdict", "flat_setup", "total_vectors"),
        ),
        categories=_VECTORS,
    ),
    Fact(
        name="accelerator",
        read=values.word,
        path=lambda workload, _: workload.accelerator,
        places=(
            _at("metadata", "accelerator"),
            _at("metadata", "args", "accelerator_type"),
        ),
    ),
    Fact(
        name="start",
        read=values.moment,
        path=lambda _, leaf: leaf.name if STAMP.fullmatch(leaf.name) else None,
        places=(
            _at("metadata", "run_datetime"),
            _at("metadata", "invocation_start_time"),
            _at("summary", "run_datetime"),
        ),
        same=values.soon,
    ),
    Fact(
        name="processes",
        read=as_number,
        places=(
            _at("summary", "num_accelerators"),
            _at("summary", "total_ranks"),
            _at("metadata", "num_processes"),
            _at("metadata", "args", "num_processes"),
            _at("metadata", "args", "num_accelerators"),
        ),
    ),
    Fact(
        name="hosts",
        read=as_number,
        places=(
            _at("summary", "num_hosts"),
            _at("summary", "host_count"),
            _at("metadata", "args", "num_client_hosts"),
            *_everywhere("num_hosts"),
            *_everywhere("hosts", read=values.count),
        ),
    ),
    Fact(
        name="names of hosts",
        read=values.names,
        places=tuple(_everywhere("hosts")),
    ),
    Fact(
        name="memory of all hosts in GiB",
        read=values.gib,
        places=(
            _at("summary", "host_memory_GB", read=values.total),
            *_everywhere("total_memory_bytes"),
            *_everywhere(
                "hosts",
                read=values.of_hosts("memory", "total", combine=sum, unit=values.GIB),
            ),
        ),
        same=values.near,
    ),
    Fact(
        name="memory of the smallest host in GiB",
        read=values.gib,
        places=(
            *_everywhere("min_memory_bytes"),
            *_everywhere(
                "hosts",
                read=values.of_hosts("memory", "total", combine=min, unit=values.GIB),
            ),
        ),
        same=values.near,
    ),
    Fact(
        name="memory of the largest host in GiB",
        read=values.gib,
        places=(
            *_everywhere("max_memory_bytes"),
            *_everywhere(
                "hosts",
                read=values.of_hosts("memory", "total", combine=max, unit=values.GIB),
            ),
        ),
        same=values.near,
    ),
    Fact(
        name="cores of all hosts",
        read=as_number,
        places=(
            *_everywhere("total_cores"),
            *_everywhere(
                "hosts", read=values.of_hosts("cpu", "num_cores", combine=sum)
            ),
        ),
    ),
    Fact(
        name="logical cores of all hosts",
        read=values.of_hosts("cpu", "num_logical_cores", combine=sum),
        places=(
            _at("summary", "host_cpu_count", read=values.total),
            *_everywhere("hosts"),
        ),
    ),
    Fact(
        name="hosts at the start",
        read=values.mapping,
        places=tuple(_at("metadata", *snapshot) for snapshot in _SNAPSHOTS),
    ),
    Fact(
        name="training files",
        read=as_number,
        places=(
            _at("summary", "num_files_train"),
            _at("metadata", "parameters", "dataset", "num_files_train"),
            _at("config", "workload", "dataset", "num_files_train"),
        ),
    ),
    Fact(
        name="samples of a file",
        read=as_number,
        places=(
            _at("summary", "num_samples_per_file"),
            _at("metadata", "parameters", "dataset", "num_samples_per_file"),
            _at("config", "workload", "dataset", "num_samples_per_file"),
        ),
    ),
    Fact(
        name="epochs",
        read=as_number,
        places=(
            _at("summary", "epochs"),
            _at("metadata", "parameters", "train", "epochs"),
            _at("config", "workload", "train", "epochs"),
        ),
    ),
    Fact(
        name="folder of the data",
        read=values.folder,
        places=(
            _at("metadata", "args", "data_dir"),
            _at("metadata", "args", "storage_root"),
            _at("metadata", "args", "cache_dir"),
            _at("metadata", "cache_dir"),
            _at("metadata", "parameters", "cache_dir"),
            _at("metadata", "parameters", "dataset", "data_folder"),
            _at("config", "workload", "dataset", "data_folder"),
            _at("probe", "data_or_chkpt_path"),
        ),
        same=values.nested,
        categories=(Category.TRAINING, Category.VECTOR_DATABASE, Category.KV_CACHE),
    ),
    Fact(
        name="folder of the checkpoints",
        read=values.folder,
        places=(
            _at("metadata", "args", "checkpoint_folder"),
            _at("metadata", "parameters", "checkpoint", "checkpoint_folder"),
            _at("config", "workload", "checkpoint", "checkpoint_folder"),
            _at("probe", "data_or_chkpt_path"),
        ),
        same=values.nested,
        categories=_CHECKPOINTS,
    ),
    Fact(
        name="folder of the results",
        read=values.folder,
        places=(
            _at("metadata", "args", "results_dir"),
            _at("metadata", "result_dir"),
            _at("probe", "results_path"),
        ),
        same=values.nested,
    ),
    Fact(
        name="code image",
        read=values.digest,
        places=(
            _at("pointer"),
            _at("metadata", "args", "_validated_pool_hash"),
            _at("provenance", "tool", "code_image"),
        ),
    ),
    Fact(
        name="trials",
        read=as_number,
        places=(
            _at("summary", "trials_per_option"),
            _at("metadata", "args", "trials"),
        ),
        categories=(Category.KV_CACHE,),
    ),
)
