"""Groups of nests that may become one loop over rows, for `batch_fusion` and `row_fusion`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chainrule.compiler.analysis.dependence import AccessSet
from chainrule.compiler.analysis.independence import RowOwnership, ownership_keys
from chainrule.compiler.loop_ir.access import Access, accesses
from chainrule.compiler.loop_ir.expressions import leaves_of
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Loop, Nest, Step

__all__ = [
    "RowGroup",
    "assign_to_group",
    "fuse_inner_loops",
    "is_register",
    "memory_accesses",
    "private_buffers",
    "thread_local",
    "users_of_buffers",
]


@dataclass
class RowGroup:
    """Nests that may become one loop, each with its row axis; or a single step without one."""

    members: list[Step]
    rows: list[Axis]
    ownership: RowOwnership = field(default_factory=RowOwnership)
    accesses: AccessSet = field(default_factory=AccessSet)

    def add(self, step: Step, touched: Sequence[Access]) -> None:
        """Add a step and what it touches."""
        self.members.append(step)
        self.accesses.add(touched)

    @property
    def nests(self) -> list[Nest]:
        """The members that are nests."""
        return [each for each in self.members if isinstance(each, Nest)]


def users_of_buffers(steps: Sequence[Step]) -> dict[Buffer, set[int]]:
    """Return the nests that touch each buffer, by identity."""
    users: dict[Buffer, set[int]] = {}
    for nest in leaves_of(steps):
        for buffer, _, _ in accesses(nest):
            users.setdefault(buffer.root, set()).add(id(nest))
    return users


def fuse_inner_loops(
    steps: Sequence[Step], fuse: Callable[[Sequence[Step]], tuple[Step, ...]]
) -> tuple[Step, ...]:
    """Apply a fusion to the loops among some steps that are not batch-parallel."""
    return tuple(
        replace(each, steps=fuse(each.steps))
        if isinstance(each, Loop) and not (each.batch_axes or each.is_parallel)
        else each
        for each in steps
    )


def assign_to_group(
    step: Step, rows: Iterable[Axis], groups: list[RowGroup], layout: Layout
) -> None:
    """Add a step to the first group in which one of its row axes is legal, or begin a group."""
    touched = memory_accesses(step)
    accessed = AccessSet.of(touched)
    first = 0
    for number, group in enumerate(groups):
        if group.accesses.conflicts_with(accessed):
            first = number
    for row in rows:
        keys = [(*access, ownership_keys(access, row, layout)) for access in touched]
        for group in [*groups[first:], RowGroup([], [])]:
            if len(group.members) > len(group.rows) or not group.ownership.admit(keys):
                continue
            if not group.members:
                groups.append(group)
            group.rows.append(row)
            group.add(step, touched)
            return
    groups.append(RowGroup([], []))
    groups[-1].add(step, touched)


def private_buffers(
    nests: Sequence[Nest], rows: Sequence[Axis], layout: Layout, users: Mapping[Buffer, set[int]]
) -> list[Buffer]:
    """Return the buffers that only these nests touch, each at its row of the first axis."""
    own = {id(nest) for nest in nests}
    is_private: dict[Buffer, bool] = {}
    for nest, row in zip(nests, rows, strict=True):
        for buffer, index, _ in accesses(nest):
            root = buffer.root
            is_row = (
                root.kind == "arena"
                and not is_register(nest, buffer)
                and root not in layout.column_major
                and root in users
                and users[root] <= own
                and index[:1] == (Affine.of(row),)
                and buffer.shape[0] == row.extent
            )
            is_private[root] = is_private.get(root, True) and is_row
    return [root for root, is_row in is_private.items() if is_row]


def memory_accesses(step: Step) -> list[Access]:
    """Return the accesses of a step but those of its registers."""
    return [each for each in accesses(step) if not is_register(step, each[0])]


def is_register(step: Step, buffer: Buffer) -> bool:
    """Whether a buffer is in registers within a step."""
    return isinstance(step, Nest) and buffer.root in step.registers


def thread_local(root: Buffer) -> Buffer:
    """Return the buffer of one row, private to a thread, that takes the place of all rows."""
    return replace(root, kind="thread_local", shape=(1, *root.shape[1:]))
