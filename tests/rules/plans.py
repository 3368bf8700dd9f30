"""Plans for tests, built directly: small but complete in every field."""

from dataclasses import replace

from mlps import sizing
from mlps.derivation import derive, schedule
from mlps.plan import (
    Dataset,
    Division,
    Figures,
    FileFormat,
    Metric,
    Plan,
    PlanDocument,
    Reader,
    Sampler,
    Scale,
    Shuffle,
    Submission,
    System,
    Train,
    TrainingWorkload,
    document,
)

LAPTOP = Scale(min_steps=6, memory_multiple=0, compute_factor=0.01)
SMALL_MEMORY = 64 * 2**30


def unet3d(**dataset: object) -> TrainingWorkload:
    return TrainingWorkload(
        kind="training",
        name="unet3d",
        framework="pytorch",
        figures=Figures(official=True, editions=("3.0",), source="unet3d_b200.yaml"),
        dataset=Dataset(
            **{
                "format": FileFormat.NPZ,
                "files": 28000,
                "samples_per_file": 1,
                "record_length_bytes": 146600628.0,
                "record_length_stdev_bytes": 68341808.0,
                "record_length_resize_bytes": 2097152,
                "subfolders": 0,
                "seed": 1,
                "row_group_rows": 0,
                "columns": (),
                "read_columns": (),
                **dataset,
            }
        ),
        reader=Reader(
            data_loader="pytorch",
            batch_size=7,
            read_threads=4,
            computation_threads=1,
            prefetch_batches=2,
            transfer_bytes=2**20,
            odirect=False,
            file_shuffle=Shuffle.SEED,
            sample_shuffle=Shuffle.SEED,
            shuffle_size=1024,
        ),
        train=Train(epochs=5, computation_time_s=0.162),
        metric=Metric(au=0.9, exclude_start_steps=1, exclude_end_steps=0),
        checkpoint=False,
        model_bytes=499153191,
    )


def system(**values: object) -> System:
    return System(
        **{
            "name": "b200x8",
            "accelerator": "b200",
            "accelerators_per_host": 8,
            "hosts": 1,
            "host_memory_bytes": 512 * 2**30,
            "data_path": "data",
            "data_shared": True,
            "results_on_data_path": False,
            "observers": (),
            **values,
        }
    )


def submission(**values: object) -> Submission:
    return Submission(
        **{
            "name": "closed",
            "division": Division.CLOSED,
            "edition": "3.0",
            "warmup_runs": 1,
            "measured_runs": 5,
            "seed": 7,
            "cold_reads": True,
            "verify_fraction": 0.1,
            "calibration_s": 10.0,
            "stall_report_s": 10.0,
            "stall_limit_s": 300.0,
            "min_rate_bytes_per_s": 10**6,
            "sampler": Sampler(interval_s=1.0, max_samples=0),
            "scale": sizing.OFFICIAL_SCALE,
            **values,
        }
    )


def plan(
    workload: TrainingWorkload | None = None,
    where: System | None = None,
    claim: Submission | None = None,
) -> Plan:
    workload, where = workload or unet3d(), where or system()
    claim = claim or submission()
    facts = derive(workload, where, claim)
    return Plan(
        schema="plan/2",
        name=f"{workload.name}-{where.name}",
        workload=workload,
        system=where,
        submission=claim,
        derived=facts,
        campaign=schedule(workload, claim, facts),
    )


def official_plan(**claim: object) -> Plan:
    """One host of eight b200, closed, everything official."""
    return plan(claim=submission(**claim))


def demo_plan(ranks: int = 2, epochs: int = 2, steps: int = 6) -> Plan:
    """Laptop scale: a few steps of a few files, compute sped up a hundred times."""
    base = unet3d(files=ranks * steps * 7)
    workload = replace(base, train=Train(epochs=epochs, computation_time_s=0.00162))
    where = system(name="local", accelerators_per_host=ranks, host_memory_bytes=2**33)
    claim = submission(
        name="demo",
        division=Division.DEMO,
        measured_runs=2,
        scale=replace(LAPTOP, min_steps=steps),
    )
    return plan(workload, where, claim)


def small_closed_plan(**claim: object) -> Plan:
    """The least that can be claimed closed: one rank, 500 steps, little memory."""
    where = system(
        name="b200x1", accelerators_per_host=1, host_memory_bytes=SMALL_MEMORY
    )
    return plan(unet3d(files=3500), where, submission(**claim))


def two_hosts_plan() -> Plan:
    """Closed on two hosts of one rank each, with O_DIRECT."""
    plan = changed(small_closed_plan(), "system.hosts", 2)
    plan = changed(plan, "workload.dataset.files", 7000)
    return consistent(changed(plan, "workload.reader.odirect", True))


def frozen(of: Plan) -> PlanDocument:
    return document(of, {"choices": {"workload": of.workload.name}})


def changed(of: Plan, key: str, value: object) -> Plan:
    """The plan with one value replaced by its dotted key."""
    return _changed(of, key.split("."), value)


def _changed(node: object, keys: list[str], value: object) -> object:
    head, *rest = keys
    inner = _changed(getattr(node, head), rest, value) if rest else value
    return replace(node, **{head: inner})


def consistent(of: Plan) -> Plan:
    """The plan as a compiler would write it: derived facts and campaign computed."""
    return plan(of.workload, of.system, of.submission)
