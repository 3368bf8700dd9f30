"""The training workload on one rank: dataset, cache flush, epochs."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mlps.errors import NotReadyError, RunFailedError
from mlps.plan import Phase, PhaseKind, Plan, Run
from runner.campaign.attempt import PhaseResult, Work
from runner.dataset import datagen, manifest
from runner.dataset.adoption import Adoption, Verification, damage_error
from runner.dataset.crew import Progress
from runner.dataset.datagen import Generation, Share, State
from runner.dataset.formats import format_for
from runner.dataset.manifest import Manifest
from runner.record.recorder import Recorder
from runner.workload import epoch, pagecache, sharding
from runner.workload.ceiling import CalibrationRows
from runner.workload.memory import Memory
from runner.workload.reading import ReaderPool, ReadSettings, Source
from runner.world.place import Place
from runner.world.position import Doing
from runner.world.post import Kind
from runner.world.pump import Pump

_RESIDENCY_SAMPLE = 16
_WAIT_SLICE_S = 0.02
_STOP_S = 1.0
_TELL_S = 2.0


class Training:
    """The training workload of one rank."""

    def __init__(self, plan: Plan, place: Place, data_root: Path) -> None:
        """Nothing is touched; a format that can't be run is refused here."""
        self._plan = plan
        self._place = place
        self._dataset = plan.workload.dataset
        format_for(self._dataset.format).check_dataset(self._dataset)
        if plan.workload.checkpoint:
            raise NotReadyError(
                f"workload {plan.workload.name!r} writes checkpoints during training in"
                " this plan; this version can judge but not run that: compile with"
                " workload.checkpoint=false, which is not CLOSED"
            )
        self._directory = manifest.dataset_directory(
            data_root, plan.workload.name, self._dataset
        )
        self._manifest: Manifest | None = None
        self._verified = (0, 0)
        self._stop: Callable[[], None] = _nothing

    def inspect(self) -> State:
        """Tell what the dataset directory holds; NotReadyError for foreign files."""
        return datagen.inspect(self._directory, self._dataset)

    def adopt(self, tell: Callable[[Progress], None]) -> Verification:
        """Check this rank's share of the existing dataset; blocks in I/O."""
        adopted = manifest.load(self._directory, self._dataset)
        work = Adoption(
            adopted,
            rank=self._place.rank,
            world=self._place.world,
            threads=self._plan.workload.reader.read_threads,
            fraction=self._plan.submission.verify_fraction,
            seed=self._plan.submission.seed,
        )
        work.crew.start()
        while not work.crew.wait(_TELL_S):
            tell(work.crew.progress)
        self._manifest = adopted
        return work.result()

    def adopted(self, found: Verification) -> None:
        """Note what all ranks together found, for the evidence; refuse damage."""
        if found.damaged_files:
            raise damage_error(self._directory, found)
        self._verified = (found.verified_files, found.verified_bytes)

    def record(self, recorder: Recorder) -> None:
        """Record the dataset as adopted (rank 0)."""
        if self._manifest is not None and self._place.rank == 0:
            recorder.row(
                "dataset",
                self._manifest.digest,
                self._manifest.dataset.files,
                self._manifest.total_bytes,
                *self._verified,
            )

    def total_units(self, phase: Phase) -> tuple[int, str]:
        """Units of a phase over all ranks, for the live view."""
        if phase.kind is PhaseKind.EPOCH:
            return self._plan.derived.steps_per_epoch * self._place.world, "step"
        if phase.kind is PhaseKind.CALIBRATION:
            return self._plan.derived.calibration_steps * self._place.world, "step"
        if phase.kind is PhaseKind.DATAGEN:
            return self._dataset.files, "file"
        return self._place.node_count, "host"

    def begin(self, run: Run, number: int, phase: Phase, pump: Pump) -> Work:
        """Prepare a phase; the returned function does it."""
        if phase.kind is PhaseKind.EPOCH:
            return self._begin_epoch(run, number, phase, pump)
        if phase.kind is PhaseKind.CALIBRATION:
            return self._begin_calibration(run, number, pump)
        if phase.kind is PhaseKind.FLUSH:
            return lambda: self._flush(number, pump)
        return self._begin_datagen(pump)

    def stop(self) -> None:
        """Have the threads of the phase in hand drop their work."""
        self._stop()

    def _complete(self) -> Manifest:
        if self._manifest is None:
            raise RunFailedError(f"{self._directory}: the dataset was not adopted")
        return self._manifest

    def _begin_epoch(self, run: Run, number: int, phase: Phase, pump: Pump) -> Work:
        share = self._share(run, phase.epoch)
        odirect = self._plan.workload.reader.odirect
        pool = self._pool(self._complete(), share, odirect=odirect)
        settings = epoch.step_settings(self._plan, self._plan.derived.steps_per_epoch)
        if len(share):
            first = self._complete().path_of(share[0])
            pump.at(Doing.PREPARING, name=str(first))

        def work() -> PhaseResult:
            result = epoch.train(settings, pool, pump, number, phase.epoch)
            row = (self._place.rank, number, *pool.direct_opens)
            pump.recorder.row("direct_io", *row)
            return result

        return work

    def _begin_calibration(self, run: Run, number: int, pump: Pump) -> Work:
        """Prepare steps of an epoch that gets its bytes from memory.

        Memory is read buffered: direct I/O is a matter of devices.
        """
        settings = epoch.step_settings(self._plan, self._plan.derived.calibration_steps)
        samples = settings.steps * settings.batch_size
        files = -(-samples // self._dataset.samples_per_file)
        memory = Memory(self._dataset, self._share(run, 0)[:files])
        pool = self._pool(memory, range(files), odirect=False)
        rows = CalibrationRows(self._plan)
        if pump.chief is not None:
            pump.chief.listeners.append(rows.take)

        def work() -> PhaseResult:
            result = epoch.train(settings, pool, pump, number, 0)
            memory.close()
            if pump.chief is not None:
                pump.send_frame()
                pump.wait_for(rows.are_all_there)
                rows.require_target()
            return result

        return work

    def _share(self, run: Run, number: int) -> list[int]:
        """Deal this rank its files of an epoch, or of the calibration (0)."""
        shuffle = self._plan.workload.reader.file_shuffle
        order = sharding.order(self._dataset, shuffle, run.seed, number)
        share: list[int] = sharding.share(
            order, self._place.rank, self._place.world
        ).tolist()
        return share

    def _pool(
        self, source: Source, files: Sequence[int], *, odirect: bool
    ) -> ReaderPool:
        reader = self._plan.workload.reader
        pool = ReaderPool(
            ReadSettings(
                threads=reader.read_threads,
                transfer_bytes=reader.transfer_bytes,
                odirect=odirect,
                samples_per_file=self._dataset.samples_per_file,
            ),
            source,
            files,
            format_for(self._dataset.format).check_frame,
        )
        self._stop = lambda: pool.stop(_STOP_S)
        return pool

    def _flush(self, number: int, pump: Pump) -> PhaseResult:
        if not self._place.leads_node:
            return PhaseResult(end_ns=time.monotonic_ns())
        adopted = self._complete()
        count = self._dataset.files
        files = (adopted.path_of(i) for i in range(count))
        every = max(count // _RESIDENCY_SAMPLE, 1)
        sample = [adopted.path_of(i) for i in range(0, count, every)]
        node = self._place.node
        rows = pump.offload(
            lambda: pagecache.flush(files, sample, node=node, phase=number),
            Doing.FLUSHING,
        )
        pump.recorder.rows("flushes", rows)
        if rows["outcome"][0] != b"flushed":
            raise RunFailedError(
                f"the page cache could not be emptied:"
                f" {int(rows['resident_pages'][0])} of"
                f" {int(rows['sampled_pages'][0])} sampled pages of the dataset are"
                " still in memory; the plan asks for cold reads: run as a user who may"
                " drop caches, or compile with submission.cold_reads=false"
            )
        return PhaseResult(end_ns=time.monotonic_ns(), steps=1)

    def _begin_datagen(self, pump: Pump) -> Work:
        if self._manifest is not None:
            return lambda: PhaseResult(end_ns=time.monotonic_ns())
        if self._place.rank == 0:
            datagen.prepare(self._directory, self._dataset)
        return lambda: self._generate(pump)

    def _generate(self, pump: Pump) -> PhaseResult:
        place = self._place
        work = Generation(
            self._directory,
            self._dataset,
            rank=place.rank,
            world=place.world,
            threads=self._plan.workload.reader.read_threads,
        )
        self._stop = lambda: work.crew.stop(_STOP_S)
        work.crew.start()
        while not work.crew.wait(_WAIT_SLICE_S):
            progress = work.crew.progress
            done, name = progress.files_done, progress.last_object
            pump.at(Doing.WRITING, done, name, done + progress.bytes_done)
            pump.turn()
        share = work.result()
        pump.at(Doing.WAITING_FOR_RANK_0, len(share.entries), "")
        self._manifest = self._complete_manifest(pump, share)
        self.record(pump.recorder)
        return PhaseResult(
            end_ns=time.monotonic_ns(),
            samples=share.files_written,
            delivered_bytes=share.written_bytes,
        )

    def _complete_manifest(self, pump: Pump, share: Share) -> Manifest:
        """Join all shares on rank 0 and have every rank load the manifest."""
        pump.say(Kind.DONE, "shares", share.entries)
        if pump.chief is not None:
            chief = pump.chief
            pump.wait_for(lambda: chief.all_said(Kind.DONE, "shares"))
            parts = [np.asarray(part) for part in chief.payloads(Kind.DONE, "shares")]
            pump.offload(lambda: datagen.finish(self._directory, self._dataset, parts))
            pump.give_order("manifest")
        pump.order("manifest")
        return pump.offload(lambda: manifest.load(self._directory, self._dataset))


def _nothing() -> None:
    """Do nothing: no threads are at work."""
